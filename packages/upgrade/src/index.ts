/** Runs the `(req, res, next)` stack of an application on WebSocket handshakes. */
export type { UpgradeOptions } from './options.ts';
export { runUpgrade } from './run-upgrade.ts';
export type {
  AcceptedUpgrade,
  RefusalReason,
  RefusedUpgrade,
  UpgradeErrorHandler,
  UpgradeHeader,
  UpgradeListener,
  UpgradeMiddleware,
  UpgradeOutcome,
  UpgradeStack,
} from './types.ts';
export { upgrade, type WebSocketServerLike } from './upgrade.ts';
