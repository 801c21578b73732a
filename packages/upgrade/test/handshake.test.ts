import { afterEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import fc from 'fast-check';
import { findBodyFault, findHandshakeFault } from '../src/handshake.ts';
import { closeServers, handshake, KEY, listenUpgrade } from './server.ts';

afterEach(closeServers);

const good = { 'sec-websocket-key': KEY, 'sec-websocket-version': '13' };

describe('findHandshakeFault', () => {
  test.each([
    ['version 13', good, undefined],
    ['version 8', { ...good, 'sec-websocket-version': '8' }, undefined],
    ['an empty body', { ...good, 'content-length': '0' }, undefined],
    ['no key', { 'sec-websocket-version': '13' }, 400],
    ['a short key', { ...good, 'sec-websocket-key': 'c2hvcnQ=' }, 400],
    ['a long key', { ...good, 'sec-websocket-key': `A${KEY}` }, 400],
    ['two keys', { ...good, 'sec-websocket-key': `${KEY}, ${KEY}` }, 400],
    ['a key of 15 bytes', { ...good, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAA====' }, 400],
    ['a body', { ...good, 'content-length': '5' }, 400],
    ['a chunked body', { ...good, 'transfer-encoding': 'chunked' }, 400],
    ['no version', { 'sec-websocket-key': KEY }, 426],
    ['version 7', { ...good, 'sec-websocket-version': '7' }, 426],
    ['two versions', { ...good, 'sec-websocket-version': '13, 13' }, 426],
  ])('%s', (_name, headers, status) => {
    expect(findHandshakeFault({ httpVersion: '1.1', headers })?.status).toBe(status);
  });

  test('HTTP/1.0', () => {
    expect(findHandshakeFault({ httpVersion: '1.0', headers: good })?.status).toBe(400);
  });

  test('accepts every key of 16 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const headers = { ...good, 'sec-websocket-key': Buffer.from(bytes).toString('base64') };
        return findHandshakeFault({ httpVersion: '1.1', headers }) === undefined;
      }),
    );
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(good)), fc.string()), (headers) => {
        const fault = findHandshakeFault({ httpVersion: '1.1', headers });
        return fault === undefined || [400, 426].includes(fault.status);
      }),
    );
  });
});

describe('findBodyFault', () => {
  test.each([
    [{}, false],
    [{ 'content-length': '0' }, false],
    [{ 'content-length': '1' }, true],
    [{ 'content-length': 'x' }, true],
    [{ 'transfer-encoding': 'identity' }, true],
  ])('%p: %p', (headers, expected) => {
    expect(findBodyFault({ httpVersion: '1.1', headers }) !== undefined).toBe(expected);
  });
});

describe('a malformed handshake', () => {
  test('is refused after the stack had its say, and never logged as a 101', async () => {
    let status: number | undefined;
    const { port, outcomes, errors } = await listenUpgrade((_req, res, next) => {
      res.on('finish', () => (status = res.statusCode));
      next();
    });
    const answer = await rawRequest(port, handshake({ 'Sec-WebSocket-Key': 'x' }));
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*Sec-WebSocket-Key is missing or malformed$/);
    expect(outcomes).toEqual([{ accepted: false, reason: 'refused', status: 400 }]);
    expect([status, errors]).toEqual([400, []]);
  });

  test('of another version is told which ones there are', async () => {
    const { port } = await listenUpgrade([]);
    const answer = await rawRequest(port, handshake({ 'Sec-WebSocket-Version': '99' }));
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(answer).toContain('Sec-WebSocket-Version: 13, 8\r\n');
  });

  test('does not get past a stack that refuses', async () => {
    const { port } = await listenUpgrade((_req, res) => res.writeHead(401).end());
    const answer = await rawRequest(port, handshake({ 'Sec-WebSocket-Key': null }));
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  test.each([
    ['garbage', 'GET /chat HTTP/1.1\r\nUpgrade websocket\r\n\r\n'],
    ['no Host', handshake({ Host: null })],
    ['two lengths', handshake({ 'Content-Length': '1\r\nContent-Length: 2' })],
    ['a NUL in a header', handshake({ 'X-Nul': 'a\0b' })],
  ])('%s: never reaches the stack', async (_name, text) => {
    let ran = false;
    const { port } = await listenUpgrade(() => (ran = true));
    expect(await rawRequest(port, text)).toMatch(/^HTTP\/1\.1 400 /);
    expect(ran).toBe(false);
  });
});
