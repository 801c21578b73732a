import type { Exchange } from './exchange.ts';
import { passGates } from './gates.ts';
import type { HeldCall } from './held-calls.ts';
import { decideBody } from './release.ts';
import { driveHead } from './wrapped.ts';

/** Where a call goes. */
export type Way = 'held' | 'rejected' | 'sinking' | 'passing';

/** The way of a body call; the first one begins the answer. */
export function wayOf(exchange: Exchange, call: HeldCall): Way {
  const { phase } = exchange;
  if (phase !== 'open' && phase !== 'rejected') return phase;
  exchange.phase = 'open';
  driveHead(exchange);
  exchange.ended = call.method === 'end';
  return begin(exchange, call);
}

/** Begins the answer with a `writeHead` of the handler, its arguments folded already. */
export function beginWithHead(exchange: Exchange): Way {
  exchange.phase = 'open';
  return begin(exchange, undefined);
}

function begin(exchange: Exchange, call: HeldCall | undefined): Way {
  const cause = call?.method ?? 'writeHead';
  exchange.cause = cause;
  const passage = passGates(exchange);
  if (passage !== 'go') return passage;
  if (exchange.layer === undefined) {
    exchange.phase = 'passing';
    return 'passing';
  }
  const top = decideBody(exchange, {
    cause,
    whole: cause === 'end',
    first: call ?? { chunk: undefined, encoding: undefined },
  });
  return top === undefined ? 'passing' : 'sinking';
}
