import { defineOptions, o, OptionsError } from '@portcullis/core/options';
import type { OptionIssue, OptionsDefinition } from '@portcullis/core/options';
import type { IncomingMessage } from 'node:http';

/** Options of `upgrade` and `runUpgrade`. */
export interface UpgradeOptions {
  /**
   * How long the stack may take to decide, in seconds or as text (`'500ms'`, `'10s'`). Then the
   * client gets 503. Node's own timeouts no longer apply to an upgraded connection.
   * A refusal of which the client reads nothing for this long is cut off.
   *
   * @defaultValue `'10s'`
   */
  timeout?: number | string | undefined;
  /**
   * How long a refused connection is kept, reading and discarding, after the answer was sent. A
   * connection closed while bytes from the client are unread is reset, and the answer lost with it.
   *
   * @defaultValue `'1s'`
   */
  linger?: number | string | undefined;
  /**
   * What happens to a request that is no WebSocket handshake (`Upgrade: h2c`), or that the
   * WebSocket server does not want (its `path`): `'serve'` gives it to the server's `request`
   * listeners as the ordinary HTTP request that it also is, `'ignore'` leaves it to the server's
   * other `upgrade` listeners and closes the connection when none of them touches it in time.
   *
   * @defaultValue `'serve'`, or `'ignore'` when the server has other `upgrade` listeners
   */
  others?: 'serve' | 'ignore' | undefined;
  /**
   * Hears every failure that is not the client's: of the stack (answered with a status of 500 or
   * more), of code that ran after the answer, of a `connection` listener. Without it `upgrade`
   * warns of the first one, `ERR_PORTCULLIS_UPGRADE_FAILED`, and the others are silent.
   */
  onError?: ((error: unknown, req: IncomingMessage) => void) | undefined;
}

export interface ResolvedUpgradeOptions {
  /** Seconds. */
  readonly timeout: number;
  /** Seconds. */
  readonly linger: number;
  readonly others: 'serve' | 'ignore' | undefined;
  readonly onError: ((error: unknown, req: IncomingMessage) => void) | undefined;
}

// A timer of Node overflows, and fires at once, above 2^31 - 1 milliseconds.
const LONGEST = 2_147_483;

export const upgradeOptions: OptionsDefinition<UpgradeOptions, ResolvedUpgradeOptions> =
  defineOptions({
    package: '@portcullis/upgrade',
    area: 'UPGRADE',
    fields: {
      timeout: o.withDefault(o.duration({ min: 0.001, max: LONGEST }), 10),
      linger: o.withDefault(o.duration({ min: 0, max: LONGEST }), 1),
      others: o.optional(o.oneOf(['serve', 'ignore'])),
      onError: o.optional(
        o.fn<(error: unknown, req: IncomingMessage) => void>('(error, req) => void'),
      ),
    },
  });

/** An argument that cannot be used: the same error as for an option. */
export function argumentError(issue: OptionIssue): OptionsError {
  return new OptionsError('@portcullis/upgrade', [issue]);
}
