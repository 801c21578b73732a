import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  clientAddress,
  compileTrust,
  requestScheme,
  type RequestTrust,
} from '@portcullis/core/http';
import { closeAll, listen, type HostName } from '@portcullis/testing';
import express4 from 'express4';
import express5 from 'express';
import { fact, listenFor } from './request-facts.ts';

afterEach(closeAll);

const https = { 'X-Forwarded-Proto': 'https' };

/** The schemes that middleware with these options see one after the other, and the warnings that came. */
async function inTurn(...given: RequestTrust[]): Promise<{ schemes: unknown; codes: unknown[] }> {
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const server = await listenFor((req) => given.map((each) => requestScheme(req, each)));
  const first = await server.request('/', { headers: https });
  await server.request('/', { headers: https });
  const codes = emitWarning.mock.calls.map(([, options]) => (options as { code?: unknown }).code);
  emitWarning.mockRestore();
  return { schemes: first.json(), codes };
}

describe('whom to believe', () => {
  const loopback = compileTrust('loopback');
  const nobody = compileTrust(false);

  test('what the first middleware was told holds for the later ones', async () => {
    await expect(inTurn({}, { trust: loopback }, {})).resolves.toEqual({
      schemes: ['http', 'https', 'https'],
      codes: [],
    });
  });

  test('so does the family of headers', async () => {
    const schemes = fact(
      (req) => [
        requestScheme(req, { trust: loopback, forwarded: 'forwarded' }),
        requestScheme(req),
        requestScheme(req, { forwarded: 'x-forwarded' }),
      ],
      ['Host: a', 'Forwarded: proto=https', 'X-Forwarded-Proto: http'],
    );
    await expect(schemes).resolves.toEqual(['https', 'https', 'http']);
  });

  test('two values that mean the same are no conflict', async () => {
    const same = await inTurn({ trust: loopback }, { trust: compileTrust('loopback') });
    expect(same).toEqual({ schemes: ['https', 'https'], codes: [] });
  });

  test('two frozen functions that differ warn once, too', async () => {
    const differing = await inTurn(
      { trust: compileTrust(Object.freeze(() => true)) },
      { trust: compileTrust(Object.freeze(() => false)) },
    );
    expect(differing).toEqual({
      schemes: ['https', 'http'],
      codes: ['ERR_PORTCULLIS_HTTP_TRUST_DIFFERS'],
    });
  });

  test('two that differ warn once, and each middleware keeps to its own', async () => {
    const differing = await inTurn({ trust: loopback }, { trust: compileTrust(false) });
    expect(differing).toEqual({
      schemes: ['https', 'http'],
      codes: ['ERR_PORTCULLIS_HTTP_TRUST_DIFFERS'],
    });
  });

  test('a list of addresses is asked once for a peer, a function of the user every time', async () => {
    const ask = async (
      value: unknown,
      peers: readonly (string | undefined)[],
    ): Promise<unknown> => {
      const trusts = jest.fn((address: string | undefined) => address === '10.0.0.1');
      const app = { settings: { 'trust proxy': value, 'trust proxy fn': trusts } };
      const schemes = await fact(
        (req) => {
          Object.assign(req, { app });
          return peers.map((peer) => {
            Object.defineProperty(req.socket, 'remoteAddress', { value: peer, configurable: true });
            return requestScheme(req);
          });
        },
        ['Host: a', 'X-Forwarded-Proto: https'],
      );
      return [schemes, trusts.mock.calls.map(([address]) => address)];
    };
    const peers = ['10.0.0.1', '10.0.0.1', undefined, '10.0.0.2', '10.0.0.2', '10.0.0.1'];
    const schemes = ['https', 'https', 'http', 'http', 'http', 'https'];
    const asked = ['10.0.0.1', undefined, '10.0.0.2', '10.0.0.1'];
    await expect(ask('10.0.0.1', peers)).resolves.toEqual([schemes, asked]);
    await expect(ask(['10.0.0.1'], peers)).resolves.toEqual([schemes, asked]);
    await expect(ask(() => true, peers)).resolves.toEqual([schemes, peers]);
  });

  test.each<HostName>(['express5', 'express4'])('%s: its trust proxy is taken', async (host) => {
    const server = await listenFor(
      (req) => [requestScheme(req), requestScheme(req, { trust: nobody })],
      {
        host,
        settings: { 'trust proxy': 'loopback' },
      },
    );
    const answer = await server.request('/', { headers: https });
    expect(answer.json()).toEqual(['https', 'http']);
  });

  test.each([
    ['express 5', express5],
    ['express 4', express4],
  ])('%s: a mounted app inherits it', async (_, express) => {
    const outer = express();
    const inner = express();
    outer.set('trust proxy', 'loopback');
    outer.use('/inner', inner);
    inner.use((req, res) => {
      res.end(JSON.stringify([requestScheme(req), clientAddress(req)]));
    });
    // A whole app is a handler like any other.
    const server = await listen('http', [], outer as never);
    const headers = { ...https, 'X-Forwarded-For': '1.1.1.1' };
    expect((await server.request('/inner/x', { headers })).json()).toEqual(['https', '1.1.1.1']);
  });

  test.each<[string, unknown, string]>([
    [
      'tinyhttp keeps the function under the setting itself',
      { settings: { 'trust proxy': () => true } },
      'https',
    ],
    ['a setting that is no function is nothing', { settings: { 'trust proxy': true } }, 'http'],
    ['an app without settings', {}, 'http'],
    ['no app', null, 'http'],
  ])('%s', async (_, app, expected) => {
    const read = fact(
      (req) => requestScheme(Object.assign(req, { app })),
      ['Host: a', 'X-Forwarded-Proto: https'],
    );
    await expect(read).resolves.toBe(expected);
  });
});
