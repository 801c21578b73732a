import { expiry } from '../lifetime.ts';
import type {
  CookieValues,
  Loaded,
  RejectionReason,
  SessionRecord,
  StrategyContext,
} from '../strategy.ts';
import { pending, whenAnswered } from './awaitable.ts';
import { hold, keyOf } from './held.ts';
import { parseFields, timeless } from './record-fields.ts';
import type { SignedIds, VerifiedId } from './signed-id.ts';
import { createSingleFlight } from './single-flight.ts';
import type { Awaitable, LoadedSession } from './store.ts';
import type { StoreAccess } from './access.ts';

/** More good cookies of one name than a browser ever sends; each costs a round trip. */
const mostLookups = 4;

interface Found {
  readonly key: string;
  readonly loaded: LoadedSession;
}

/** Reads sessions: from a cookie, and again by id. */
export interface Reader {
  read(ctx: StrategyContext, cookies: CookieValues): Awaitable<Loaded>;
  /** Reads the session of an id that another library signed. */
  readId(ctx: StrategyContext, id: string): Awaitable<Loaded>;
  reload(ctx: StrategyContext, record: SessionRecord): Awaitable<Loaded>;
}

/** Makes a {@link Reader}. */
export function readFrom(access: StoreAccess, ids: SignedIds): Reader {
  const { store, keys, setup, options } = access;
  const flights = createSingleFlight<LoadedSession | undefined>();

  /** Asks for one key after the other. */
  const find = (candidates: readonly string[]): Awaitable<Found | undefined> => {
    const [key, ...rest] = candidates;
    if (key === undefined) return undefined;
    return whenAnswered(
      flights.run(key, () => store.get(key)),
      (loaded) => (loaded === undefined ? find(rest) : { key: loaded.id, loaded }),
    );
  };

  const open = (
    ctx: StrategyContext,
    { id, newest }: VerifiedId,
    found: Found | undefined,
  ): Loaded => {
    if (found === undefined) return { kind: 'rejected', reason: 'not-found' };
    const record = parseFields(id, found.loaded);
    if (record === undefined) return { kind: 'rejected', reason: 'corrupt' };
    const over = expiry(record, setup.lifetimes, ctx.now());
    if (over !== undefined) return { kind: 'rejected', reason: over };
    hold(ctx, { id, key: found.key, loaded: found.loaded, aged: !newest });
    return newest ? { kind: 'session', record } : { kind: 'session', record, reissue: true };
  };

  /** Tries one id after the other: a sibling sub-domain may have put another session's cookie first. */
  const tryAll = (
    ctx: StrategyContext,
    verified: readonly VerifiedId[],
    reason: RejectionReason,
  ): Awaitable<Loaded> => {
    const [first, ...rest] = verified;
    if (first === undefined) return { kind: 'rejected', reason };
    return whenAnswered(find(keys.of(first.id)), (found) => {
      const loaded = open(ctx, first, found);
      return loaded.kind === 'rejected' ? tryAll(ctx, rest, loaded.reason) : loaded;
    });
  };

  return {
    read(ctx, { values }) {
      if (values.length === 0) return { kind: 'none' };
      const verified: VerifiedId[] = [];
      let reason: RejectionReason = 'malformed';
      for (const value of values) {
        const checked = ids.verify(value);
        if (typeof checked === 'string') reason = checked;
        else if (verified.length < mostLookups) verified.push(checked);
      }
      if (options.onUnavailable === 'error') return tryAll(ctx, verified, reason);
      return unlessUnavailable(() => tryAll(ctx, verified, reason));
    },
    readId: (ctx, id) =>
      whenAnswered(find(keys.of(id)), (found): Loaded => {
        if (found === undefined) return { kind: 'rejected', reason: 'not-found' };
        const record = parseFields(id, withTimes(found.loaded));
        if (record === undefined) return { kind: 'rejected', reason: 'corrupt' };
        hold(ctx, { id, ...found, aged: false });
        return { kind: 'session', record };
      }),
    reload(ctx, record) {
      const key = keyOf(keys, ctx, record);
      return whenAnswered(store.get(key), (loaded) =>
        open(
          ctx,
          { id: record.id, newest: true },
          loaded === undefined ? undefined : { key: loaded.id, loaded },
        ),
      );
    },
  };
}

/** Records of another library do not say when they began; the engine has them begin now. */
function withTimes(loaded: LoadedSession): LoadedSession {
  return { ...loaded, fields: { ...timeless, ...loaded.fields } };
}

function unlessUnavailable(read: () => Awaitable<Loaded>): Awaitable<Loaded> {
  const degrade = (): Loaded => ({ kind: 'degraded' });
  try {
    const loaded = read();
    return pending(loaded)?.catch(degrade) ?? loaded;
  } catch {
    return degrade();
  }
}
