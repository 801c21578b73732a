import { exchangeOf } from './exchange.ts';
import type { OwnMethods } from './exchange.ts';
import { own } from './methods.ts';
import type { SeamedResponse } from './seam.ts';

/**
 * The seam's methods once more. A wrapper keeps the ones that it wrapped, so that after these have taken their place a
 * call can be told from a call of the wrapper.
 */
export const straight: OwnMethods = {
  writeHead: straightly(own.writeHead),
  write: straightly(own.write),
  end: straightly(own.end),
  flushHeaders: straightly(own.flushHeaders),
};

function straightly<Call extends unknown[], Result>(
  method: (this: SeamedResponse, ...call: Call) => Result,
): (this: SeamedResponse, ...call: Call) => Result {
  return function (...call) {
    const exchange = exchangeOf(this);
    const before = exchange.isStraight;
    exchange.isStraight = true;
    try {
      return method.apply(this, call);
    } finally {
      exchange.isStraight = before;
    }
  };
}
