import type { SessionRecord } from '../strategy.ts';

/** What a token says beside its payload. */
export interface TokenHead {
  readonly id: string;
  readonly createdAt: number;
  readonly issuedAt: number;
}

/** Short names, because every byte travels with every request. */
interface Meta {
  /** userId */
  u?: string;
  /** authenticatedAt */
  a?: number;
  /** generation */
  g?: string;
  /** renewedAt */
  r?: number;
  /** transient */
  t?: boolean;
  /** flash */
  f?: Record<string, readonly unknown[]>;
}

/**
 * The data's own JSON text, then, after a line feed, what else we know. JSON text never holds a raw line feed, so the first part
 * can be cut off as it is and serve as the baseline of change detection.
 */
export function formatPayload(record: SessionRecord): string {
  const meta: Meta = {};
  if (record.userId !== undefined) meta.u = record.userId;
  if (record.authenticatedAt !== undefined) meta.a = record.authenticatedAt;
  if (record.generation !== undefined) meta.g = record.generation;
  if (record.renewedAt !== undefined) meta.r = record.renewedAt;
  if (record.transient !== undefined) meta.t = record.transient;
  if (record.flash !== undefined) meta.f = record.flash;
  for (const _ in meta) return `${record.text}\n${JSON.stringify(meta)}`;
  return record.text;
}

/** Reads what {@link formatPayload} wrote. The text is authentic when it comes here, so its shape is ours. */
export function parsePayload(payload: string, head: TokenHead): SessionRecord {
  const cut = payload.indexOf('\n');
  const text = cut === -1 ? payload : payload.slice(0, cut);
  const data = JSON.parse(text) as Record<string, unknown>; // authentic: only formatPayload makes it
  const meta = cut === -1 ? noMeta : (JSON.parse(payload.slice(cut + 1)) as Meta); // authentic, as above
  return {
    id: head.id,
    data,
    text,
    createdAt: head.createdAt,
    issuedAt: head.issuedAt,
    renewedAt: meta.r,
    userId: meta.u,
    authenticatedAt: meta.a,
    generation: meta.g,
    transient: meta.t,
    flash: meta.f,
  };
}

const noMeta: Meta = Object.freeze({});
