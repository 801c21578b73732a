import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** Takes bytes like a fast client; keeps them only while `record` is set. */
class SwallowingSocket extends Duplex {
  record = undefined;
  remoteAddress = '127.0.0.1';

  constructor() {
    // As in a real socket: text is not made a Buffer first, whose garbage would drown small differences.
    super({ decodeStrings: false });
  }

  _read() {}

  _write(chunk, encoding, done) {
    this.record?.push(Buffer.from(chunk, encoding));
    done();
  }

  _writev(chunks, done) {
    for (const { chunk, encoding } of chunks) this.record?.push(Buffer.from(chunk, encoding));
    done();
  }
}

/** Runs requests through a middleware in this process, on Node's own request and response classes. */
export class Exchange {
  #middleware;
  #handler;
  #socket = new SwallowingSocket();

  constructor(middleware, handler) {
    this.#middleware = middleware;
    this.#handler = handler;
  }

  /** Resolves (or calls back at once) when the response has been handed to the socket. */
  run(request, done) {
    const socket = this.#socket;
    const req = new IncomingMessage(socket);
    req.method = request.method ?? 'GET';
    req.url = request.url ?? '/';
    req.originalUrl = req.url;
    req.httpVersionMajor = 1;
    req.httpVersionMinor = 1;
    req.httpVersion = '1.1';
    // What Node's parser calls: `req.headers` counts the lines given here, not `rawHeaders.length`.
    req._addHeaderLines(request.rawHeaders, request.rawHeaders.length);
    req.complete = true;
    void req.headers;
    const res = new ServerResponse(req);
    res.req = req;
    res.shouldKeepAlive = true;
    res.assignSocket(socket);
    // What Node's server does for the response on a socket.
    const onDrain = () => res.emit('drain');
    socket.on('drain', onDrain);
    res.on('finish', () => {
      socket.off('drain', onDrain);
      res.detachSocket(socket);
      res.emit('close');
      done(undefined, res);
    });
    const handler = this.#handler;
    this.#middleware(req, res, (error) => {
      if (error) {
        res.statusCode = error.status ?? 500;
        res.end(String(error.message));
      } else handler(req, res);
    });
  }

  /** One request, its answer parsed: for `expect`. */
  answer(request) {
    return new Promise((resolve) => {
      const record = [];
      this.#socket.record = record;
      this.run(request, () => {
        this.#socket.record = undefined;
        resolve(parseAnswer(Buffer.concat(record)));
      });
    });
  }
}

export function toRawRequest(request) {
  const rawHeaders = [];
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const line of [value].flat()) rawHeaders.push(name, line);
  }
  return { method: request.method, url: request.url, rawHeaders };
}

export function parseAnswer(bytes) {
  const split = bytes.indexOf('\r\n\r\n');
  const [statusLine, ...lines] = bytes.subarray(0, split).toString('latin1').split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'set-cookie') (headers[name] ??= []).push(value);
    else headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const raw = bytes.subarray(split + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? unchunk(raw) : raw;
  return { status: Number(statusLine.split(' ')[1]), headers, body };
}

function unchunk(bytes) {
  const parts = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
