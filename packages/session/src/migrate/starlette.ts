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
  const parts = /^(?<signed>(?<payload>[^.]+)\.(?<time>[\w-]{2,8}))\.(?<mac>[\w-]{27})$/.exec(
    value,
  )?.groups;
  if (parts === undefined) return undefined;
  const { signed = '', payload = '', time = '', mac = '' } = parts;
  const given = parseBase64url(mac);
  if (given === undefined || !keys.some((key) => isMac(given, signed, key))) return undefined;
  // Seconds, big endian, in as few bytes as they need.
  const seconds = Buffer.from(time, 'base64url');
  return { payload, time: seconds.readUIntBE(0, seconds.length) };
}

function isMac(given: Buffer, signed: string, key: Buffer): boolean {
  return timingSafeEqual(createHmac('sha1', key).update(signed).digest(), given);
}
