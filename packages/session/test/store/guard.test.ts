import { channel } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createGuard } from '../../src/store/guard.ts';

const down = (): Promise<never> => Promise.reject(new Error('down'));
const hang = (): Promise<never> => new Promise(() => {});
const answer = (): Promise<string> => Promise.resolve('here');

const failing = { code: 'ERR_PORTCULLIS_SESSION_STORE', status: 503 };
const unavailable = { code: 'ERR_PORTCULLIS_SESSION_STORE_UNAVAILABLE', status: 503 };
const timeout = { code: 'ERR_PORTCULLIS_SESSION_STORE_TIMEOUT', status: 503 };

const outcome = async (run: () => unknown): Promise<unknown> => {
  try {
    return await run();
  } catch (error) {
    return error;
  }
};

describe('the deadline', () => {
  test('fails a call that is not answered, and ignores what comes later', async () => {
    const guard = createGuard({ deadline: 20, failures: 5, pause: 50 });
    let late: (value: string) => void = () => {};
    const call = outcome(() => guard.call('get', () => new Promise((resolve) => (late = resolve))));
    expect(await call).toMatchObject(timeout);
    late('too late');
    expect(guard.state).toBe('closed');
  });

  test('lets an answer through that comes in time', async () => {
    const guard = createGuard({ deadline: 500, failures: 5, pause: 50 });
    expect(await guard.call('get', answer)).toBe('here');
  });

  test('costs nothing when the answer is there at once', () => {
    const guard = createGuard({ deadline: 20, failures: 5, pause: 50 });
    expect(guard.call('get', () => 'here')).toBe('here');
  });

  test('names the operation and keeps the reason for who looks', async () => {
    const guard = createGuard({ deadline: 500, failures: 5, pause: 50 });
    const error = (await outcome(() => guard.call('update', down))) as Error;
    expect(error).toMatchObject({ ...failing, expose: false });
    expect(error.message).toBe('The session store failed to update');
    expect((error.cause as Error).message).toBe('down');
    const thrown = await outcome(() => guard.call('get', () => { throw new Error('sync'); })); // prettier-ignore
    expect(thrown).toMatchObject({ ...failing, cause: { message: 'sync' } });
  });
});

describe('the breaker', () => {
  test('opens after failures in a row, fails at once, and lets one call find out', async () => {
    const states: string[] = [];
    const changes = channel('portcullis:session:store');
    const record = (message: unknown): void => {
      states.push((message as { state: string }).state);
    };
    changes.subscribe(record);
    const guard = createGuard({ deadline: 500, failures: 2, pause: 40 });
    await outcome(() => guard.call('get', down));
    await guard.call('get', answer);
    await outcome(() => guard.call('get', down));
    expect(guard.state).toBe('closed');
    await outcome(() => guard.call('get', down));
    expect(guard.state).toBe('open');

    let asked = 0;
    const ask = (): Promise<string> => {
      asked += 1;
      return answer();
    };
    expect(await outcome(() => guard.call('get', ask))).toMatchObject(unavailable);
    expect(asked).toBe(0);
    await sleep(50);
    const [probe, other] = await Promise.all([
      outcome(() => guard.call('get', ask)),
      outcome(() => guard.call('get', ask)),
    ]);
    expect([probe, asked]).toEqual(['here', 1]);
    expect(other).toMatchObject(unavailable);
    expect(guard.state).toBe('closed');
    changes.unsubscribe(record);
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  test('stays open when the probe fails, and asks again after a pause', async () => {
    const guard = createGuard({ deadline: 500, failures: 1, pause: 30 });
    await outcome(() => guard.call('get', down));
    await sleep(40);
    expect(await outcome(() => guard.call('get', down))).toMatchObject(failing);
    expect(guard.state).toBe('open');
    expect(await outcome(() => guard.call('get', answer))).toMatchObject(unavailable);
    await sleep(40);
    expect(await outcome(() => guard.call('get', answer))).toBe('here');
  });

  test('is not kept closed off by a probe that hangs', async () => {
    const guard = createGuard({ deadline: 5_000, failures: 1, pause: 20 });
    await outcome(() => guard.call('get', down));
    await sleep(30);
    void outcome(() => guard.call('get', hang));
    await sleep(30);
    expect(await outcome(() => guard.call('get', answer))).toBe('here');
  });

  test('does not listen to answers from before it opened', async () => {
    const guard = createGuard({ deadline: 500, failures: 1, pause: 10_000 });
    let fail: (error: Error) => void = () => {};
    let succeed: (value: string) => void = () => {};
    const slowFailure = outcome(() =>
      guard.call('get', () => new Promise((_, reject) => (fail = reject))),
    );
    const slowSuccess = outcome(() =>
      guard.call('get', () => new Promise((resolve) => (succeed = resolve))),
    );
    await outcome(() => guard.call('get', down));
    succeed('late');
    fail(new Error('late'));
    await Promise.all([slowFailure, slowSuccess]);
    expect(guard.state).toBe('open');
  });
});
