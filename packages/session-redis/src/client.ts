import { createHash } from 'node:crypto';

/** The part of the `redis` package's clients (single, cluster, sentinel, pool) that is used. */
export interface RedisClient {
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The part of ioredis and iovalkey clients that is used. */
export interface IoRedisClient {
  evalsha(sha1: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** Runs a script for one key; every answer is a list of texts. */
export type RunScript = (
  script: string,
  key: string,
  values: readonly string[],
) => Promise<readonly string[]>;

/** Makes a {@link RunScript} that sends a script's text only to a server that does not know it yet. */
export function scriptRunner(client: RedisClient | IoRedisClient): RunScript {
  const send = sender(client);
  const digests = new Map<string, string>();
  const digestOf = (script: string): string => {
    const known = digests.get(script);
    if (known !== undefined) return known;
    const digest = createHash('sha1').update(script).digest('hex');
    digests.set(script, digest);
    return digest;
  };
  const run: RunScript = async (script, key, values) => {
    try {
      return toTexts(await send.digest(digestOf(script), key, values));
    } catch (error) {
      // A server that was restarted, or a replica that took over, has lost its scripts.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return toTexts(await send.text(script, key, values));
    }
  };
  return (script, key, values) => run(script, key, values).catch(withoutCommand);
}

/** ioredis hangs the command on its errors, with the session's id and data in it, and errors are logged. */
function withoutCommand(error: unknown): never {
  if (typeof error === 'object' && error !== null) Reflect.deleteProperty(error, 'command');
  throw error;
}

interface Sender {
  digest(sha1: string, key: string, values: readonly string[]): Promise<unknown>;
  text(script: string, key: string, values: readonly string[]): Promise<unknown>;
}

function sender(client: RedisClient | IoRedisClient): Sender {
  if ('evalSha' in client) {
    return {
      digest: (sha1, key, values) => client.evalSha(sha1, { keys: [key], arguments: [...values] }),
      text: (script, key, values) => client.eval(script, { keys: [key], arguments: [...values] }),
    };
  }
  return {
    digest: (sha1, key, values) => client.evalsha(sha1, 1, key, ...values),
    text: (script, key, values) => client.eval(script, 1, key, ...values),
  };
}

/** Buffers come from clients that were asked for them. */
function toTexts(reply: unknown): readonly string[] {
  if (!Array.isArray(reply)) throw new TypeError('Redis answered something other than a list');
  return reply.map(String);
}
