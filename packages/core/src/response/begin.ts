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
  return begin(exchange, { ...call, cause: call.method, whole: call.method === 'end' });
}

/** Begins the answer with a `writeHead` of the handler, its arguments folded already. */
export function beginWithHead(exchange: Exchange): Way {
  exchange.phase = 'open';
  exchange.explicit = true;
  return begin(exchange, {
    cause: 'writeHead',
    whole: false,
    chunk: undefined,
    encoding: undefined,
  });
}

function begin(exchange: Exchange, facts: Parameters<typeof decideBody>[1]): Way {
  const passage = passGates(exchange);
  if (passage !== 'go') return passage;
  if (exchange.layer !== undefined) return decideBody(exchange, facts) ? 'sinking' : 'passing';
  exchange.phase = 'passing';
  return 'passing';
}
