import { crc32 } from 'node:zlib';
import { parseCacheControl } from './cache-control.ts';
import type { Codec } from './codec.ts';
import { reportDecision } from './decisions.ts';
import type { Choice, Exchange } from './exchange.ts';
import { withJitter } from './length-jitter.ts';
import type { CachedSource } from './variant-cache.ts';

/** A whole body on its way to being compressed. */
export interface Work {
  readonly exchange: Exchange;
  readonly codec: Codec;
  readonly body: Buffer;
  /** The client refuses the plain form. */
  readonly required: boolean;
  /** Set when the variant cache may keep this answer. */
  readonly source: CachedSource | undefined;
}

/** The coded body; `undefined`: send the plain one; `'later'`: too dear for this thread. */
export type Encoded = Buffer | 'later' | undefined;

export function prepareWork(exchange: Exchange, choice: Choice, body: Buffer): Work {
  const { best, required } = choice;
  return { exchange, codec: best, body, required, source: cachedSource(exchange, best, body) };
}

function cachedSource(exchange: Exchange, codec: Codec, body: Buffer): CachedSource | undefined {
  const { res, settings } = exchange;
  if (settings.cache === undefined || res.hasHeader('set-cookie')) return undefined;
  if (parseCacheControl(res.getHeader('cache-control')).unshared) return undefined;
  const variant = `${codec.encoding}${codec.levelFor(body.length)}`;
  return { variant, body, checksum: crc32(body) };
}

/** Answers from the cache or within the time budget of this thread, or says that it cannot. */
export function encodeNow(work: Work): Encoded {
  const { exchange, codec, body, source } = work;
  const { settings } = exchange;
  if (source !== undefined) {
    const cached = settings.cache?.find(source);
    if (cached !== undefined) return finish(work, cached, 'cached');
  }
  const estimate = codec.cost.estimate(body.length);
  if (estimate > settings.syncBudget) {
    codec.cost.relax();
    return 'later';
  }
  const metered = estimate > tripMilliseconds;
  if (metered && !settings.turn.hasRoom(estimate) && settings.jobs.hasRoom(body.length)) {
    return 'later';
  }
  try {
    const before = performance.now();
    const encoded = codec.compressSync(body);
    const taken = performance.now() - before;
    codec.cost.learn(body.length, taken);
    if (metered) settings.turn.add(taken);
    return judge(work, encoded);
  } catch (error) {
    return failed(work, error);
  }
}

// What a trip to the thread pool takes of this thread: below it, nothing is gained by going there.
const tripMilliseconds = 0.05;

/** Sends the coded form only if it is worth the decoding, or the client takes nothing else. */
export function judge(work: Work, encoded: Buffer): Buffer | undefined {
  const { exchange, body, required, source } = work;
  const { cache, worthwhile } = exchange.settings;
  if (encoded.length > body.length * worthwhile && !required) {
    reportDecision(exchange.res, 'not-smaller', {
      bytes: body.length,
      encodedBytes: encoded.length,
    });
    return undefined;
  }
  if (source !== undefined) cache?.offer(source, encoded);
  return finish(work, encoded, 'compressed');
}

function finish(work: Work, encoded: Buffer, reason: 'cached' | 'compressed'): Buffer {
  const { exchange, codec, body } = work;
  const { jitter } = exchange.settings;
  const sent = jitter === 0 ? encoded : withJitter(codec.encoding, encoded, jitter);
  reportDecision(exchange.res, reason, {
    encoding: codec.encoding,
    bytes: body.length,
    encodedBytes: sent.length,
  });
  return sent;
}

/** A codec that fails must not cost the client its answer: it gets the plain form. */
export function failed(work: Work, error: unknown): undefined {
  reportCodecFailure(work.exchange, work.codec, error);
  return undefined;
}

export function reportCodecFailure(exchange: Exchange, codec: Codec, error: unknown): void {
  exchange.settings.notices.once(
    'ERR_PORTCULLIS_GZIP_CODEC',
    `@portcullis/gzip: ${codec.encoding} failed, so the response is sent uncompressed: ${String(error)}`,
  );
  reportDecision(exchange.res, 'error');
}
