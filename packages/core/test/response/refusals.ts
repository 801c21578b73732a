import type { TestMiddleware } from '@portcullis/testing';
import { holdHead } from '@portcullis/core/response';
import { setTimeout as sleep } from 'node:timers/promises';

export const storeDown = (): Error =>
  Object.assign(new Error('store down'), { status: 507, expose: true });

/** Every way a gate refuses. */
export const refusals: Readonly<Record<string, () => void | Promise<void>>> = {
  'throws at once': () => {
    throw storeDown();
  },
  'rejects at once': () => Promise.reject(storeDown()),
  'rejects after 5 ms': async () => {
    await sleep(5);
    throw storeDown();
  },
};

export const refuse =
  (gate: () => void | PromiseLike<void>): TestMiddleware =>
  (_req, res, next) => {
    holdHead(res, gate, next);
    next();
  };

/** A gate whose error goes nowhere, so that nobody begins an answer. */
export const refuseSilently =
  (gate: () => void | PromiseLike<void>): TestMiddleware =>
  (_req, res, next) => {
    holdHead(res, gate, () => {});
    next();
  };

export const later = refusals['rejects after 5 ms'] ?? (() => {});
export const atOnce = refusals['throws at once'] ?? (() => {});
