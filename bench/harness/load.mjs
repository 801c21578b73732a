import { connect } from 'node:net';
import { parseAnswer } from './exchange.mjs';

/** Bounded load on one loopback port: each connection sends its next request when the last answer is whole. */
export class Load {
  #port;
  #bytes;
  #connections;

  constructor({ port, request, connections }) {
    this.#port = port;
    this.#connections = connections;
    this.#bytes = toBytes(typeof request === 'function' ? request(0) : request);
  }

  once() {
    return new Promise((resolve, reject) => {
      const connection = new Connection(this.#port, this.#bytes, reject);
      connection.send((bytes) => {
        connection.close();
        resolve(parseAnswer(bytes));
      });
    });
  }

  async run(seconds) {
    const stopAt = performance.now() + seconds * 1000;
    const times = [];
    const started = performance.now();
    await Promise.all(Array.from({ length: this.#connections }, () => this.#loop(stopAt, times)));
    const elapsed = (performance.now() - started) / 1000;
    times.sort((a, b) => a - b);
    return {
      count: times.length,
      rps: times.length / elapsed,
      p50: times[Math.floor(times.length * 0.5)],
      p99: times[Math.floor(times.length * 0.99)],
    };
  }

  #loop(stopAt, times) {
    return new Promise((resolve, reject) => {
      const connection = new Connection(this.#port, this.#bytes, reject);
      const next = () => {
        const begin = performance.now();
        if (begin >= stopAt) {
          connection.close();
          resolve();
          return;
        }
        connection.send(() => {
          times.push(performance.now() - begin);
          next();
        });
      };
      next();
    });
  }
}

class Connection {
  #socket;
  #bytes;
  #chunks = [];
  #length = 0;
  #done;

  constructor(port, bytes, fail) {
    this.#bytes = bytes;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('error', fail);
    this.#socket.on('data', (chunk) => this.#take(chunk));
  }

  send(done) {
    this.#done = done;
    this.#chunks = [];
    this.#length = 0;
    this.#socket.write(this.#bytes);
  }

  close() {
    this.#socket.destroy();
  }

  #take(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const first = this.#chunks[0];
    const headEnd = first.indexOf('\r\n\r\n');
    if (headEnd < 0) {
      this.#chunks = [Buffer.concat(this.#chunks)];
      return;
    }
    const head = first.latin1Slice(0, headEnd).toLowerCase();
    const declared = /\r\ncontent-length: (\d+)/.exec(head);
    const whole = declared
      ? this.#length >= headEnd + 4 + Number(declared[1])
      : endsChunked(chunk, head);
    if (whole) this.#done(Buffer.concat(this.#chunks));
  }
}

function endsChunked(chunk, head) {
  if (!head.includes('transfer-encoding: chunked')) return true;
  return chunk.length >= 5 && chunk.latin1Slice(chunk.length - 5) === '0\r\n\r\n';
}

function toBytes(request = {}) {
  const headers = { host: '127.0.0.1', ...request.headers };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((line) => `${name}: ${line}`),
  );
  return Buffer.from(
    `${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
  );
}
