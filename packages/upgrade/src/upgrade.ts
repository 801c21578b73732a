import { createNotices } from '@portcullis/core';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ignore, reportTo } from './failure.ts';
import { argumentError, upgradeOptions } from './options.ts';
import type { ResolvedUpgradeOptions, UpgradeOptions } from './options.ts';
import { decide } from './run-upgrade.ts';
import { flattenStack } from './stack.ts';
import type { UpgradeHeader, UpgradeListener, UpgradeMiddleware, UpgradeStack } from './types.ts';

/** What `upgrade` needs of a `WebSocketServer` of `ws`, made with `noServer: true`. */
export interface WebSocketServerLike {
  readonly options?: { readonly noServer?: boolean | undefined } | undefined;
  on(event: 'headers', listener: (lines: string[], req: IncomingMessage) => void): unknown;
  handleUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (client: unknown) => void,
  ): void;
  emit(event: 'connection', client: unknown, req: IncomingMessage): boolean;
  /** Whether the server wants this path. */
  shouldHandle?(req: IncomingMessage): boolean | Promise<boolean>;
}

/**
 * Makes the `upgrade` listener of a server: the stack runs, and `wss` completes the handshakes that
 * it let pass, with the headers of the stack on the 101. Then `wss` emits `connection` as usual.
 *
 * @param wss - A `WebSocketServer` of `ws` with `noServer: true`.
 * @throws `ERR_PORTCULLIS_OPTIONS` when an option, the stack or `wss` cannot be used.
 * @example
 * const wss = new WebSocketServer({ noServer: true });
 * server.on('upgrade', upgrade(wss, [trustedHost({ allowedHosts: ['app.example'] }), sessions]));
 */
export function upgrade(
  wss: WebSocketServerLike,
  stack: UpgradeMiddleware | readonly UpgradeMiddleware[],
  options?: UpgradeOptions,
): UpgradeListener;
/** The same with error handlers and lists within lists. */
export function upgrade(
  wss: WebSocketServerLike,
  stack: UpgradeStack,
  options?: UpgradeOptions,
): UpgradeListener;
export function upgrade(
  wss: WebSocketServerLike,
  stack: UpgradeStack,
  options?: UpgradeOptions,
): UpgradeListener {
  if (wss.options !== undefined && wss.options.noServer !== true) {
    throw argumentError({
      code: 'UPGRADE_SERVER',
      path: 'wss',
      message: 'wss: it answers handshakes itself',
      hint: 'make it with new WebSocketServer({ noServer: true })',
    });
  }
  const layers = flattenStack(stack);
  const resolved = withWarning(upgradeOptions.resolve(options).options);
  const headersOf = new WeakMap<IncomingMessage, readonly UpgradeHeader[]>();
  wss.on('headers', (lines, req) => {
    for (const [name, value] of headersOf.get(req) ?? []) lines.push(`${name}: ${value}`);
  });

  async function answer(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    try {
      const isWanted = (): boolean => wss.shouldHandle?.(req) !== false;
      const outcome = await decide({ req, socket, layers, options: resolved, isWanted });
      if (!outcome.accepted || !outcome.release()) return;
      headersOf.set(req, outcome.headers);
      wss.handleUpgrade(req, socket, head, (client) => wss.emit('connection', client, req));
    } catch (error) {
      socket.on('error', ignore);
      socket.destroy();
      reportTo(resolved, error, req);
    }
  }

  return function upgradeListener(req, socket, head) {
    void answer(req, socket, head);
  };
}

function withWarning(options: ResolvedUpgradeOptions): ResolvedUpgradeOptions {
  if (options.onError !== undefined) return options;
  const notices = createNotices();
  const onError = (error: unknown): void => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : typeof error;
    notices.once(
      'ERR_PORTCULLIS_UPGRADE_FAILED',
      `An upgrade request failed: ${reason}\nGive upgrade() an onError to hear of every failure.`,
    );
  };
  return { ...options, onError };
}
