import type { ServerResponse } from 'node:http';
import { adoptDrain } from './drain.ts';
import { exchangeOf, isBegun, isGone } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { headersSentError } from './node-errors.ts';
import type { SeamedResponse } from './seam.ts';

// While an answer is held, Node believes that nothing happened. Handlers, error handlers and loggers must see what
// they would see without us: a second answer must fail on `headersSent`, not be mixed with the first.

type HeaderMethod = (this: ServerResponse, ...call: unknown[]) => unknown;

/** The header methods as they were. */
export interface Pretence {
  readonly setHeader: HeaderMethod;
  readonly setHeaders: HeaderMethod | undefined;
  readonly appendHeader: HeaderMethod;
  readonly removeHeader: HeaderMethod;
}

/**
 * Makes the response read as begun. Installed once per response and only when something is really held: it costs
 * more than all the rest of the seam.
 */
export function pretend(exchange: Exchange): void {
  if (exchange.pretence !== undefined) return;
  const { res } = exchange;
  exchange.pretence = {
    setHeader: Reflect.get(res, 'setHeader') as HeaderMethod,
    // http2's compatibility response has no setHeaders on Node 20.
    setHeaders: Reflect.get(res, 'setHeaders') as HeaderMethod | undefined,
    appendHeader: Reflect.get(res, 'appendHeader') as HeaderMethod,
    removeHeader: Reflect.get(res, 'removeHeader') as HeaderMethod,
  };
  Object.assign(res, { setHeader, appendHeader, removeHeader });
  if (exchange.pretence.setHeaders !== undefined) Object.assign(res, { setHeaders });
  adoptDrain(res);
  for (const [name, get] of accessors) {
    // Some framework may have nailed its own; then its word stands.
    if (Object.getOwnPropertyDescriptor(res, name)?.configurable === false) continue;
    Object.defineProperty(res, name, { get, configurable: true, enumerable: false });
  }
}

/** Whether the outside sees a head that is not out yet. */
function pretends({ seam, phase, raw, inside }: Exchange): boolean {
  return (phase === 'held' || phase === 'sinking') && !seam.headOut && !raw && inside === 0;
}

const accessors: readonly (readonly [string, (this: SeamedResponse) => unknown])[] = [
  [
    'headersSent',
    function headersSent() {
      return pretends(exchangeOf(this)) || native(this, 'headersSent');
    },
  ],
  [
    'writableEnded',
    function writableEnded() {
      const exchange = exchangeOf(this);
      const held = isBegun(exchange) && !exchange.raw;
      return (held && exchange.ended) || native(this, 'writableEnded');
    },
  ],
  [
    'writableNeedDrain',
    function writableNeedDrain() {
      const exchange = exchangeOf(this);
      const held = isBegun(exchange) && !exchange.raw;
      if (held && exchange.needDrain) return !exchange.ended && !isGone(this);
      return native(this, 'writableNeedDrain');
    },
  ],
  [
    'writableLength',
    function writableLength() {
      return exchangeOf(this).heldBytes + (native(this, 'writableLength') as number);
    },
  ],
];

// Looked up at each call, because Express changes the prototype of the response after us.
function native(res: SeamedResponse, name: string): unknown {
  return Reflect.get(Object.getPrototypeOf(res) as object, name, res);
}

function setHeader(this: SeamedResponse, ...call: unknown[]): unknown {
  return changeHead(this, 'set', 'setHeader', call);
}

function setHeaders(this: SeamedResponse, ...call: unknown[]): unknown {
  return changeHead(this, 'set', 'setHeaders', call);
}

function appendHeader(this: SeamedResponse, ...call: unknown[]): unknown {
  return changeHead(this, 'append', 'appendHeader', call);
}

function removeHeader(this: SeamedResponse, ...call: unknown[]): unknown {
  return changeHead(this, 'remove', 'removeHeader', call);
}

function changeHead(
  res: SeamedResponse,
  verb: 'set' | 'append' | 'remove',
  method: keyof Pretence,
  call: readonly unknown[],
): unknown {
  const exchange = exchangeOf(res);
  if (pretends(exchange)) throw headersSentError(res, verb);
  // After the seam's own 503 a slow error handler still clears and sets headers; Node's throw would reach nobody
  // there (finalhandler does it from an event) and end the process.
  if (exchange.lost && !exchange.raw && exchange.inside === 0) return res;
  return (exchange.pretence as Pretence)[method]?.apply(res, [...call]);
}
