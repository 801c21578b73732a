import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { defineOptions, o } from '@portcullis/core/options';
import type { OptionsDefinition } from '@portcullis/core/options';
import { parseBase64url } from '../token/token.ts';
import type { MigrationCodec } from './codec.ts';
import { findWeakKey, migrationFields } from './options.ts';
import type { MigrationOptions, ResolvedMigration } from './options.ts';
import { parseJsonObject } from './parse-json.ts';

export interface StarletteOptions extends MigrationOptions {
  /** Its `max_age`, in seconds or as text; counted from when Starlette signed the cookie. Default 14 days. */
  maxAge?: number | string | undefined;
}

interface ResolvedStarlette extends ResolvedMigration {
  readonly maxAge: number;
}

const definition: OptionsDefinition<StarletteOptions, ResolvedStarlette> = defineOptions({
  package: '@portcullis/session',
  area: 'SESSION',
  fields: {
    ...migrationFields('session'),
    maxAge: o.withDefault(o.duration({ min: 1 }), 1_209_600),
  },
});

/**
 * Reads sessions of Starlette's (and Ellar's) `SessionMiddleware`: base64 JSON, a time and an HMAC-SHA1 by itsdangerous.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS`
 */
export function fromStarlette(options: StarletteOptions): MigrationCodec {
  const { keys, cookieName, maxAge, ...rest } = definition.resolve(options).options;
  const derived = keys.map((key) =>
    createHash('sha1').update('itsdangerous.Signersigner').update(key.reveal()).digest(),
  );
  return Object.freeze({
    ...rest,
    name: 'starlette',
    cookieNames: Object.freeze([cookieName]),
    weakness: findWeakKey(keys),
    read(values, now) {
      for (const value of values(cookieName)) {
        const signed = unsign(value, derived);
        if (signed === undefined) continue;
        const age = now - signed.time;
        if (age < 0 || age > maxAge) continue;
        const data = parseJsonObject(Buffer.from(signed.payload, 'base64').toString());
        if (data !== undefined) return { data };
      }
      return undefined;
    },
  } satisfies MigrationCodec);
}

function unsign(
  value: string,
  keys: readonly Buffer[],
): { readonly payload: string; readonly time: number } | undefined {
  const macAt = value.lastIndexOf('.');
  const timeAt = value.lastIndexOf('.', macAt - 1);
  const mac = parseBase64url(value.slice(macAt + 1));
  const time = Buffer.from(value.slice(timeAt + 1, macAt), 'base64url');
  if (timeAt < 1 || mac?.length !== macLength) return undefined;
  // Seconds, big endian, in as few bytes as they need.
  if (time.length === 0 || time.length > 6) return undefined;
  if (!keys.some((key) => isMac(mac, value.slice(0, macAt), key))) return undefined;
  return { payload: value.slice(0, timeAt), time: time.readUIntBE(0, time.length) };
}

/** SHA-1 */
const macLength = 20;

function isMac(given: Buffer, signed: string, key: Buffer): boolean {
  return timingSafeEqual(createHmac('sha1', key).update(signed).digest(), given);
}
