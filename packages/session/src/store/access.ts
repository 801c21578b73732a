import type { StrategySetup } from '../strategy.ts';
import type { ResolvedStoreOptions } from './options.ts';
import type { StoreKeys } from './store-keys.ts';
import type { SessionStore } from './store.ts';

/** What the parts of the strategy share. */
export interface StoreAccess {
  readonly store: SessionStore;
  readonly keys: StoreKeys;
  readonly setup: StrategySetup;
  readonly options: ResolvedStoreOptions;
}
