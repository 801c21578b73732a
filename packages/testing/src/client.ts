import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';

export interface RequestInit {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** Aborts the request; the promise rejects. */
  readonly signal?: AbortSignal | undefined;
}

export interface TestResponse {
  readonly status: number;
  /** Reason phrase; empty on HTTP/2. */
  readonly statusMessage: string;
  /** Lower-case names. HTTP/2 pseudo headers are left out. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Every Set-Cookie line. */
  readonly setCookie: readonly string[];
  /** Bytes as they came: nothing is decoded. */
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  json(): unknown;
}

export interface Target {
  readonly protocol: 'http' | 'https' | 'h2c' | 'h2';
  readonly port: number;
}

/** Sends one request on a connection of its own. Never follows a redirect. */
export function send(target: Target, path: string, init: RequestInit = {}): Promise<TestResponse> {
  return target.protocol === 'h2' || target.protocol === 'h2c'
    ? sendHttp2(target, path, init)
    : sendHttp1(target, path, init);
}

function sendHttp1(target: Target, path: string, init: RequestInit): Promise<TestResponse> {
  return new Promise((resolve, reject) => {
    const request = (target.protocol === 'https' ? httpsRequest : httpRequest)({
      host: '127.0.0.1',
      port: target.port,
      path,
      method: init.method ?? 'GET',
      headers: toOutgoing(init.headers),
      agent: false,
      rejectUnauthorized: false,
      ...(init.signal ? { signal: init.signal } : {}),
    });
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve(
          toResponse({
            status: response.statusCode ?? 0,
            statusMessage: response.statusMessage ?? '',
            headers: response.headers,
            trailers: response.trailers,
            body: Buffer.concat(chunks),
          }),
        );
      });
    });
    request.end(init.body);
  });
}

function sendHttp2(target: Target, path: string, init: RequestInit): Promise<TestResponse> {
  return new Promise((resolve, reject) => {
    const origin = `${target.protocol === 'h2' ? 'https' : 'http'}://127.0.0.1:${target.port}`;
    const session = connect(origin, { rejectUnauthorized: false });
    const fail = (error: Error): void => {
      session.destroy();
      reject(error);
    };
    session.on('error', fail);
    const { host, ...headers } = toOutgoing(init.headers);
    const stream: ClientHttp2Stream = session.request({
      ':method': init.method ?? 'GET',
      ':path': path,
      ...(typeof host === 'string' ? { ':authority': host } : {}),
      ...headers,
    });
    init.signal?.addEventListener('abort', () => {
      fail(new Error('aborted'));
    });
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (received) => {
      head = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', fail);
    stream.on('end', () => {
      session.close();
      resolve(
        toResponse({
          status: Number(head[':status'] ?? 0),
          statusMessage: '',
          headers: Object.fromEntries(Object.entries(head).filter(([name]) => name[0] !== ':')),
          trailers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    stream.end(init.body);
  });
}

function toOutgoing(headers: RequestInit['headers']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : [...value],
    ]),
  );
}

interface Parts {
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly trailers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

function toResponse(parts: Parts): TestResponse {
  const text = parts.body.toString('utf8');
  const cookies = parts.headers['set-cookie'] ?? [];
  return {
    status: parts.status,
    statusMessage: parts.statusMessage,
    headers: parts.headers,
    setCookie: typeof cookies === 'string' ? [cookies] : cookies,
    body: parts.body,
    text,
    trailers: Object.fromEntries(
      Object.entries(parts.trailers).map(([name, value]) => [name, value?.toString()]),
    ),
    json: () => JSON.parse(text) as unknown,
  };
}
