import type {
  CookieValues,
  Loaded,
  RejectionReason,
  SessionRecord,
  SessionStrategy,
  StrategySetup,
} from './strategy.ts';
import { encryptedTokens } from './token/encrypted.ts';
import { createRandomPool } from './token/random.ts';
import { signedTokens } from './token/signed.ts';
import type { TokenFormat } from './token/token.ts';
import { whenReady } from './thenable.ts';

/** Asks the application for a user's current generation: a number or word that it changes to end all of the user's sessions. */
export type Generation = (
  userId: string,
) => string | number | undefined | PromiseLike<string | number | undefined>;

export interface CookieStrategyChoice {
  readonly encrypt: boolean;
  readonly generation?: Generation | undefined;
}

/** Keeps the whole session in the browser's cookie. Nothing is stored on our side, so nothing can be taken back either. */
export function cookieStrategy(
  setup: StrategySetup,
  { encrypt, generation }: CookieStrategyChoice,
): SessionStrategy {
  const random = createRandomPool();
  const tokens = encrypt ? encryptedTokens(setup, random) : signedTokens(setup);
  const current = generation === undefined ? undefined : askGeneration(generation);
  return {
    name: 'cookie',
    eager: current !== undefined,
    late: false,
    chunks: true,
    newId: () => random.text(tokens.idBytes),
    read(ctx, cookies) {
      const loaded = openNewest(tokens, cookies, ctx.now());
      if (current === undefined || loaded.kind !== 'session') return loaded;
      return checkGeneration(loaded, loaded.record, current);
    },
    commit: (_, change) => ({ kind: 'set', value: tokens.seal(change.next) }),
    destroy: () => ({ kind: 'clear' }),
    ...(current === undefined ? {} : { generation: current }),
  };
}

/** Opens every value that came and takes the one issued last, because after a change of path or domain an old one may come first. */
function openNewest(tokens: TokenFormat, cookies: CookieValues, now: number): Loaded {
  if (cookies.values.length === 0 && cookies.chunks.length === 0) return { kind: 'none' };
  let newest: Extract<Loaded, { kind: 'session' }> | undefined;
  let token = '';
  let reason: RejectionReason | undefined;
  for (const value of cookies.values) {
    if (token.startsWith(value)) continue; // Its first chunks, or itself again.
    const opened = tokens.open(value, now);
    if ('reason' in opened) reason ??= opened.reason;
    else if (newest === undefined || opened.record.issuedAt > newest.record.issuedAt) {
      newest = { kind: 'session', record: opened.record, reissue: !opened.newest };
      token = value;
    }
  }
  return newest ?? { kind: 'rejected', reason: reason ?? 'malformed' };
}

type CurrentGeneration = (userId: string) => string | undefined | Promise<string | undefined>;

function askGeneration(generation: Generation): CurrentGeneration {
  return (userId) =>
    whenReady(generation(userId), (value) => (value === undefined ? undefined : String(value)));
}

function checkGeneration(
  loaded: Loaded,
  record: SessionRecord,
  current: CurrentGeneration,
): Loaded | Promise<Loaded> {
  if (record.userId === undefined) return loaded;
  const verdict = (now: string | undefined): Loaded =>
    now === record.generation ? loaded : { kind: 'rejected', reason: 'revoked' };
  return whenReady(current(record.userId), verdict);
}
