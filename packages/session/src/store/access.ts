import type { StrategySetup } from '../strategy.ts';
import type { ResolvedStoreOptions } from './options.ts';
import type { StoreKeys } from './store-keys.ts';
import type { SessionStore } from './store.ts';

/** What the parts of the strategy share. */
export interface StoreAccess {
  readonly store: SessionStore;
  /** Whether the store can write only what is still there. Without, to prolong a session is to read it and write it back. */
  readonly atomic: boolean;
  readonly keys: StoreKeys;
  readonly setup: StrategySetup;
  readonly options: ResolvedStoreOptions;
}
