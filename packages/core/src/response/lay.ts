import type { ServerResponse } from 'node:http';
import { createExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { end, flushHeaders, own, write, writeHead } from './methods.ts';
import { kSeam } from './seam.ts';
import type { BodyMethods, Seam, SeamedResponse } from './seam.ts';
import { straight } from './straight.ts';

/** The seam of a response, laid now if need be; none when its head is out, or when it is no response at all. */
export function laySeam(res: SeamedResponse): Seam | undefined {
  const laid = res[kSeam];
  if (laid !== undefined) return laid.headOut ? undefined : laid;
  // Socket libraries call middleware with `{}` for a response.
  if (res.headersSent || (res as { writeHead?: unknown }).writeHead === undefined) return undefined;
  const below = res as unknown as BodyMethods & Pick<Seam, 'writeHead'>;
  const seam: Seam = {
    writeHead: below.writeHead,
    write: below.write,
    end: below.end,
    flushHeaders: below.flushHeaders,
    on: below.on,
    hooks: undefined,
    headOut: false,
    exchange: undefined,
  };
  res[kSeam] = seam;
  res.writeHead = writeHead as ServerResponse['writeHead'];
  return seam;
}

/** The exchange of a response whose answer has not begun to leave; none when it is too late. */
export function layExchange(res: SeamedResponse): Exchange | undefined {
  const seam = laySeam(res);
  if (seam === undefined) return undefined;
  if (seam.exchange === undefined) {
    seam.exchange = createExchange(res, seam, { own, straight });
    res.write = write as unknown as ServerResponse['write'];
    res.end = end as unknown as ServerResponse['end'];
    res.flushHeaders = flushHeaders;
  }
  const { phase } = seam.exchange;
  return phase === 'passing' || phase === 'sinking' ? undefined : seam.exchange;
}
