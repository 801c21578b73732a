import type { BodyOutput, BodySink, PendingBody } from '@portcullis/core/response';
import type { ServerResponse } from 'node:http';
import type { Delivery } from './codec.ts';
import { reportDecision } from './decisions.ts';
import { DeferredSink } from './deferred-sink.ts';
import { findObstacle } from './eligibility.ts';
import type { Choice, Exchange } from './exchange.ts';
import {
  announcedLength,
  applyCoding,
  markLeftAlone,
  markNotModified,
  markPlainHead,
  markVariation,
  smallestLength,
} from './head.ts';
import { HeldSink, holdLimit } from './held-sink.ts';
import { startStream } from './stream-sink.ts';
import { encodeNow, prepareWork } from './whole-body.ts';

type Decision = BodySink | Uint8Array | undefined;

/** Decides at the first byte, or at the head when that goes first, what becomes of the body. */
export function decideBody(body: PendingBody, out: BodyOutput, exchange: Exchange): Decision {
  const { res, settings, choice, ifNoneMatch } = exchange;
  if (choice === undefined) {
    markPlainHead(res, settings, { reason: exchange.plainReason, ifNoneMatch });
    return undefined;
  }
  if (res.statusCode === 304) {
    markNotModified(res, settings, ifNoneMatch);
    return undefined;
  }
  const obstacle = findObstacle(res, settings);
  if (obstacle !== undefined) {
    markLeftAlone(res, obstacle);
    return undefined;
  }
  const length = knownLength(body, res);
  if (length !== undefined && length < smallestLength(settings, choice)) {
    reportDecision(res, 'small', { bytes: length });
    return undefined;
  }
  if (res.req.method === 'HEAD') {
    mirrorGet(exchange, choice, length);
    return undefined;
  }
  return body.whole
    ? decideWhole(body, out, { exchange, choice })
    : decidePieces(body, out, { exchange, choice });
}

// Shorter texts may or may not gain from a coding: which of its forms GET sends, only GET can tell.
const surelySmaller = 256;

interface Chosen {
  readonly exchange: Exchange;
  readonly choice: Choice;
}

function knownLength(body: PendingBody, res: ServerResponse): number | undefined {
  if (res.req.method !== 'HEAD') return body.whole ? body.length : announcedLength(res);
  return announcedLength(res) ?? (body.length === 0 ? undefined : body.length);
}

/** HEAD answers have the head of GET, less what only making the body can tell (RFC 9110 9.3.2). */
function mirrorGet(exchange: Exchange, choice: Choice, length: number | undefined): void {
  const { res } = exchange;
  if (length === undefined || (length < surelySmaller && !choice.required)) {
    markVariation(res);
    res.removeHeader('Content-Length');
    reportDecision(res, 'head-unknown', { bytes: length });
    return;
  }
  const { encoding } = choice.best;
  applyCoding(exchange, encoding);
  reportDecision(res, 'head', { encoding, bytes: length });
}

function decideWhole(body: PendingBody, out: BodyOutput, { exchange, choice }: Chosen): Decision {
  const { chunk, trailers } = body;
  /* istanbul ignore next -- a whole body without a chunk is empty, and that was too small */
  if (chunk === undefined) return undefined;
  const work = prepareWork(exchange, choice, chunk);
  const encoded = encodeNow(work);
  if (encoded === 'later') return new DeferredSink(work, out, trailers);
  if (encoded === undefined) markVariation(exchange.res);
  else applyCoding(exchange, choice.best.encoding, trailers ? undefined : encoded.length);
  return encoded;
}

function decidePieces(body: PendingBody, out: BodyOutput, { exchange, choice }: Chosen): BodySink {
  const announced = announcedLength(exchange.res);
  const delivery = deliveryOf(exchange, announced);
  const mayHold = delivery !== 'messages' && body.cause !== 'flushHeaders';
  if (mayHold && (announced === undefined || announced <= holdLimit)) {
    return new HeldSink(exchange, { choice, delivery, announced, trailers: body.trailers }, out);
  }
  return startStream(exchange, choice, delivery, out);
}

function deliveryOf({ res, settings }: Exchange, announced: number | undefined): Delivery {
  const contentType = res.getHeader('content-type');
  if (contentType !== undefined && settings.classify(String(contentType)).messages) {
    return 'messages';
  }
  return announced === undefined ? 'open' : 'announced';
}
