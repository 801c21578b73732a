// One browser of bench/reliability.mjs: it logs in, writes in parallel, logs out while a write is on its way, and checks.
import { request } from 'node:http';

export class Browser {
  #jar = '';
  #ports;
  #agent;
  #stats;

  constructor({ ports, agent, stats }) {
    this.#ports = ports;
    this.#agent = agent;
    this.#stats = stats;
  }

  /** One visit; every question it asks has one right answer. */
  async visit() {
    const { checks } = this.#stats;
    this.#jar = '';
    if (!(await this.#get('/login'))) return;
    const expected = {};
    let added = 0;
    for (let burst = 0; burst < 3; burst += 1) {
      const writes = Array.from({ length: 4 }, (_, index) => [
        `key${burst}-${index}`,
        `${Math.random()}`,
      ]);
      const adds = await Promise.all([
        ...writes.map(async ([key, value]) => {
          const wait = Math.floor(Math.random() * 20);
          if (await this.#get(`/set?key=${key}&value=${value}&wait=${wait}`)) expected[key] = value;
          return false;
        }),
        ...[0, 1].map(() => this.#get(`/add?wait=${Math.floor(Math.random() * 20)}`)),
      ]);
      added += adds.filter(Boolean).length;
    }
    const data = await this.#get('/read');
    if (data && data.user !== undefined) {
      checks.keys += Object.keys(expected).length;
      checks.lostKeys += Object.entries(expected).filter(
        ([key, value]) => data[key] !== value,
      ).length;
      checks.increments += added;
      checks.lostIncrements += Math.abs(added - data.count);
    }
    await this.#logoutDuringWrite();
  }

  async #logoutDuringWrite() {
    const { checks } = this.#stats;
    const stolen = this.#jar;
    const write = this.#get('/set?key=late&value=1&wait=40');
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
    const left = await this.#get('/logout');
    await write;
    this.#jar = stolen;
    const after = await this.#get('/read');
    if (!left || !after) return;
    checks.logouts += 1;
    if (after.user !== undefined) checks.resurrected += 1;
  }

  /** The answer as data, or `undefined` when it is no 200. */
  async #get(path) {
    const started = performance.now();
    const { status, body, setCookie } = await this.#send(path);
    const took = performance.now() - started;
    this.#stats.record(status, took);
    if (status !== 200) return undefined;
    for (const line of setCookie) this.#jar = line.split(';')[0];
    return JSON.parse(body);
  }

  #send(path) {
    const port = this.#ports[Math.floor(Math.random() * this.#ports.length)];
    const headers = this.#jar === '' ? {} : { cookie: this.#jar };
    return new Promise((resolve) => {
      const failed = (error) => resolve({ status: error.code ?? 'error', body: '', setCookie: [] });
      const req = request(
        { host: '127.0.0.1', port, path, agent: this.#agent, headers, timeout: 30_000 },
        (res) => {
          let body = '';
          res.setEncoding('utf8');
          res.on('data', (text) => (body += text));
          res.on('error', failed);
          res.on('end', () =>
            resolve({ status: res.statusCode, body, setCookie: res.headers['set-cookie'] ?? [] }),
          );
        },
      );
      req.on('timeout', () =>
        req.destroy(Object.assign(new Error(), { code: 'no answer in 30 s' })),
      );
      req.on('error', failed);
      req.end();
    });
  }
}
