import { afterAll, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { HostName, TestResponse, TestServer } from '@portcullis/testing';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Next } from '../../src/types.ts';
import { answers, bigFile, seams } from './answers.ts';
import type { Answer } from './answers.ts';

// One answer sent twice, with the seam and without: the client must not be able to tell.

interface ExpressResponse extends ServerResponse {
  json(value: unknown): void;
  send(body: unknown): void;
  redirect(url: string): void;
  sendFile(path: string): void;
  sendStatus(status: number): void;
  status(code: number): this;
}

const express = (answer: (res: ExpressResponse) => unknown): Answer => {
  return (_req, res) => answer(res as ExpressResponse);
};

const expressAnswers: Readonly<Record<string, Answer>> = {
  json: express((res) => res.json({ hello: ['world', 1] })),
  send: express((res) => res.status(201).send('<p>hello</p>')),
  'send of bytes': express((res) => res.send(Buffer.alloc(5000, 'x'))),
  redirect: express((res) => res.redirect('/there')),
  sendStatus: express((res) => res.sendStatus(404)),
  'sendFile of 3 MB': express((res) => res.sendFile(bigFile)),
};

/** What express4 and connect could do otherwise than the other hosts; the rest is the same code of Node. */
const fewAnswers: Readonly<Record<string, Answer>> = Object.fromEntries(
  [
    'end with text',
    'write, then end',
    'writeHead, then end',
    'writeHead, write, end',
    'an error',
    'a throw',
    'a file of 3 MB, piped',
  ].map((name) => [name, answers[name] ?? (() => {})]),
);

const answersOf = (host: HostName): Readonly<Record<string, Answer>> => {
  if (host === 'connect') return fewAnswers;
  if (host === 'express4') return { ...fewAnswers, ...expressAnswers };
  return host === 'express5' ? { ...answers, ...expressAnswers } : answers;
};

/** One server for every pair: `/seam/answer`. */
function serve(host: HostName): Promise<TestServer> {
  const names = (url: string | undefined): string[] =>
    (url ?? '').split('?')[0]?.split('/').slice(1).map(decodeURIComponent) ?? [];
  return listen(
    host,
    (req, res, next: Next) => {
      seams[names(req.url)[0] ?? '']?.(res, next);
      next();
    },
    (req, res, next) => answersOf(host)[names(req.url)[1] ?? '']?.(req, res, next),
  );
}

function comparable({ status, statusMessage, headers, body, trailers }: TestResponse): object {
  const { date: _date, ...rest } = headers;
  const text =
    body.length < 9999 ? body.toString('latin1') : createHash('md5').update(body).digest('hex');
  return { status, statusMessage, headers: rest, length: body.length, text, trailers };
}

afterAll(closeAll);

describe.each(hostNames)('%s', (host) => {
  let server: Promise<TestServer> | undefined;
  const get = async (seam: string, answer: string, method: string): Promise<object> => {
    server ??= serve(host);
    const path = `/${encodeURIComponent(seam)}/${encodeURIComponent(answer)}`;
    return { seam, ...comparable(await (await server).request(path, { method })) };
  };
  const getThroughAll = (answer: string, method: string): Promise<object[]> =>
    Promise.all(Object.keys(seams).map((seam) => get(seam, answer, method)));

  test.each(Object.keys(answersOf(host)))('%s reaches the client unchanged', async (answer) => {
    const plain = await get('none', answer, 'GET');
    expect(await getThroughAll(answer, 'GET')).toEqual(
      Object.keys(seams).map((seam) => ({ ...plain, seam })),
    );
  });

  test.each(['end with text', 'write, then end', 'writeHead, then end'])(
    '%s answers HEAD without a body',
    async (answer) => {
      const plain = await get('none', answer, 'HEAD');
      expect(await getThroughAll(answer, 'HEAD')).toEqual(
        Object.keys(seams).map((seam) => ({ ...plain, seam })),
      );
    },
  );
});
