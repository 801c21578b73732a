import type { SessionRecord, StrategyContext } from '../strategy.ts';
import type { StoreKeys } from './store-keys.ts';
import type { LoadedSession } from './store.ts';

/** What a request remembers of the session that it read or wrote. */
interface Held {
  /** As in the cookie. */
  readonly id: string;
  /** As in the store: another one when ids are hashed, or when the session was renamed a moment ago. */
  readonly key: string;
  readonly loaded: LoadedSession | undefined;
  /** The cookie is signed with a secret that is being phased out. */
  readonly aged: boolean;
}

/** Remembers where a session was found. */
export function hold(ctx: StrategyContext, held: Held): void {
  ctx.held = held;
}

/** What was read of a session in this request. */
export function heldOf(ctx: StrategyContext, record: SessionRecord): Held | undefined {
  // Only `hold` writes the slot.
  const held = ctx.held as Held | undefined;
  return held?.id === record.id ? held : undefined;
}

/** The key of a session in the store. */
export function keyOf(keys: StoreKeys, ctx: StrategyContext, record: SessionRecord): string {
  return heldOf(ctx, record)?.key ?? keys.of(record.id)[0];
}
