import type { RedisStoreOptions } from './redis-store.ts';

/** One thing that is wrong, in the shape that every Portcullis package reports. */
interface Problem {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

const known: readonly string[] = ['client', 'prefix'];
const clientHint =
  'pass a connected client of redis, ioredis or iovalkey (not a promise of it), or an object with eval and evalSha';

/**
 * Refuses what cannot work, all problems at once.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS`, as the other packages do; made here, because this one has no dependency at run time.
 */
export function checkOptions(options: RedisStoreOptions): void {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    refuse([{ code: 'SESSION_REDIS_WRONG_TYPE', path: 'options', message: 'expected an object' }]);
  }
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((path) => ({
      code: 'SESSION_REDIS_UNKNOWN_OPTION',
      path,
      message: 'is not an option',
      hint: `the options are ${known.join(' and ')}`,
    }));
  const { client, prefix } = given as { readonly client?: unknown; readonly prefix?: unknown };
  if (!canRunScripts(client)) {
    const message = client === undefined ? 'is required' : 'cannot run scripts';
    problems.push({ code: 'SESSION_REDIS_CLIENT', path: 'client', message, hint: clientHint });
  }
  if (prefix !== undefined && (typeof prefix !== 'string' || /[{}]/.test(prefix))) {
    const message =
      'expected text without braces, which a cluster reads as the part of a key that decides its slot';
    problems.push({ code: 'SESSION_REDIS_PREFIX', path: 'prefix', message });
  }
  if (problems.length > 0) refuse(problems);
}

function canRunScripts(client: unknown): boolean {
  if (typeof client !== 'object' || client === null) return false;
  const { eval: run, evalSha, evalsha } = client as Readonly<Record<string, unknown>>;
  return (
    typeof run === 'function' && [evalSha, evalsha].some((method) => typeof method === 'function')
  );
}

function refuse(problems: readonly Problem[]): never {
  const lines = problems.flatMap(({ path, message, hint }) => [
    `  ✖ ${path}: ${message}`,
    ...(hint === undefined ? [] : [`      → ${hint}`]),
  ]);
  const count = problems.length === 1 ? '1 option' : `${problems.length} options`;
  const error = new TypeError(
    `@portcullis/session-redis: ${count} cannot be used\n${lines.join('\n')}`,
  );
  throw Object.assign(error, {
    code: 'ERR_PORTCULLIS_OPTIONS',
    package: '@portcullis/session-redis',
    issues: Object.freeze(problems.map((problem) => Object.freeze({ ...problem }))),
  });
}
