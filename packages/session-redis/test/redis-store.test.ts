import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { scriptRunner } from '../src/client.ts';
import { redisStore } from '../src/index.ts';
import { storeLifetime } from '../src/lifetime.ts';
import { patched } from '../src/stored-fields.ts';

// What a real server does is tested with one (test/stores); here are answers that it gives in a race, or never.

/** A client that answers from a list, and remembers what it was asked. */
function scripted(answers: readonly (readonly string[])[]) {
  const asked: { keys: string[]; arguments: string[] }[] = [];
  const evalSha = async (_sha: string, options: (typeof asked)[number]): Promise<unknown> => {
    asked.push(options);
    return answers[asked.length - 1] ?? [];
  };
  return { asked, client: { evalSha, eval: evalSha } };
}

const live = ['v', '3', 'e', '99999999999999', '=a', '1'];
const rename = { set: {}, deleted: [], grace: 0 };

describe('a session that moves in a circle', () => {
  test('is not followed for ever', async () => {
    const circle = Array.from({ length: 20 }, (_, index) => ['moved', `id${index % 2}`]);
    expect(await redisStore({ client: scripted(circle).client }).get('id1')).toBeUndefined();
    const update = { set: { a: '1' }, deleted: [] };
    const { client, asked } = scripted(circle);
    expect(await redisStore({ client }).update('id1', update)).toBe('gone');
    expect(asked).toHaveLength(8);
  });
});

describe('a session that is renamed', () => {
  test('is copied again when somebody wrote it meanwhile', async () => {
    const { client, asked } = scripted([live, ['ok'], ['conflict'], live, ['ok'], ['ok']]);
    expect(await redisStore({ client, prefix: 'p:' }).rename('old', 'new', rename)).toBe('ok');
    expect(asked.map(({ keys }) => keys[0])).toEqual([
      'p:{old}',
      'p:{new}',
      'p:{old}',
      'p:{old}',
      'p:{new}',
      'p:{old}',
    ]);
  });

  test('leaves no copy behind when it was ended meanwhile', async () => {
    const { client, asked } = scripted([live, ['ok'], ['gone'], ['', '']]);
    expect(await redisStore({ client }).rename('old', 'new', rename)).toBe('gone');
    expect(asked.at(-1)?.keys).toEqual(['portcullis:session:{new}']);
  });

  test('and never stands still is an error', async () => {
    const busy = Array.from({ length: 16 }, () => [live, ['ok'], ['conflict']]).flat();
    await expect(
      Promise.resolve(redisStore({ client: scripted(busy).client }).rename('old', 'new', rename)),
    ).rejects.toThrow('Other requests kept writing');
  });
});

describe('a client', () => {
  test('of ioredis gets the text of a script that its server has forgotten', async () => {
    const calls: unknown[][] = [];
    const run = scriptRunner({
      async evalsha() {
        throw new Error('NOSCRIPT No matching script');
      },
      async eval(...given: unknown[]) {
        calls.push(given);
        return [Buffer.from('ok')];
      },
    });
    expect(await run('return {"ok"}', 'key', ['1', '2'])).toEqual(['ok']);
    expect(calls).toEqual([['return {"ok"}', 1, 'key', '1', '2']]);
  });

  test('whose errors carry the command gives them without, because it holds ids and data', async () => {
    const command = { name: 'evalsha', args: ['sha', '1', 'portcullis:session:{secret}', 'data'] };
    const failure = Object.assign(new Error('OOM command not allowed'), { command });
    const fail = async (): Promise<never> => {
      throw failure;
    };
    const store = redisStore({ client: { evalsha: fail, eval: fail } });
    const error: unknown = await Promise.resolve(store.get('secret')).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBe(failure);
    expect(inspect(error)).not.toContain('secret');
  });

  test('may fail with anything', async () => {
    const fail = (): Promise<never> => Promise.reject('gone');
    const run = scriptRunner({ evalsha: fail, eval: fail });
    await expect(run('script', 'key', [])).rejects.toBe('gone');
  });

  test('that answers with something else is not believed', async () => {
    const run = scriptRunner({ evalSha: async () => 'OK', eval: async () => 'OK' });
    await expect(run('script', 'key', [])).rejects.toThrow('other than a list');
  });
});

describe('how long Redis keeps a session', () => {
  test('is at least as long as it lives, and never nothing', () => {
    for (let round = 0; round < 100; round += 1) {
      const lifetime = Number(storeLifetime(101_000, 1_000));
      expect(lifetime).toBeGreaterThanOrEqual(100_000);
      expect(lifetime).toBeLessThanOrEqual(105_000);
    }
    expect(Number(storeLifetime(0, 1_000))).toBeGreaterThanOrEqual(1);
  });
});

test('a patch that logs out leaves no user', () => {
  const session = { fields: {}, expires: 5, userId: 'ann' };
  expect(patched(session, { set: {}, deleted: [], userId: null }).userId).toBeUndefined();
  expect(patched(session, { set: {}, deleted: [] })).toMatchObject({ userId: 'ann', expires: 5 });
});

test('a session that is bound to a user without a new end is listed for a day', async () => {
  const { client, asked } = scripted([['ok'], ['ok', '']]);
  const update = { set: {}, deleted: [], userId: 'ann' };
  expect(await redisStore({ client }).update('id', update)).toBe('ok');
  const [, until] = asked[0]?.arguments ?? [];
  expect(Number(until) - Date.now()).toBeGreaterThan(86_000_000);
});

describe('options that cannot work', () => {
  const { client } = scripted([]);
  const issuesOf = (options: unknown): unknown => {
    try {
      return redisStore(options as never);
    } catch (error) {
      const { code, issues } = error as { code: string; issues: { code: string; path: string }[] };
      return [code, ...issues.map((issue) => `${issue.path} ${issue.code}`)];
    }
  };

  test.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['options SESSION_REDIS_WRONG_TYPE']],
    ['null', null, ['options SESSION_REDIS_WRONG_TYPE']],
    ['no client', {}, ['client SESSION_REDIS_CLIENT']],
    ['a promise of a client', { client: Promise.resolve(client) }, ['client SESSION_REDIS_CLIENT']],
    [
      'a client without scripts',
      { client: { eval: client.eval } },
      ['client SESSION_REDIS_CLIENT'],
    ],
    [
      'a prefix that moves keys of a cluster',
      { client, prefix: '{a}' },
      ['prefix SESSION_REDIS_PREFIX'],
    ],
    ['a prefix that is no text', { client, prefix: 5 }, ['prefix SESSION_REDIS_PREFIX']],
    [
      'several at once',
      { prefx: 'a', client: null },
      ['prefx SESSION_REDIS_UNKNOWN_OPTION', 'client SESSION_REDIS_CLIENT'],
    ],
  ])('%s: refused at once', (_name, options, issues) => {
    expect(issuesOf(options)).toEqual(['ERR_PORTCULLIS_OPTIONS', ...issues]);
  });

  test('are said with what to do', () => {
    expect(() => redisStore({ prefx: 'a' } as never)).toThrow(
      [
        '@portcullis/session-redis: 2 options cannot be used',
        '  ✖ prefx: is not an option',
        '      → the options are client and prefix',
        '  ✖ client: is required',
        '      → pass a connected client of redis, ioredis or iovalkey (not a promise of it), or an object with eval and evalSha',
      ].join('\n'),
    );
  });
});
