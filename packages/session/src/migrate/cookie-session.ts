import { createHmac, timingSafeEqual } from 'node:crypto';
import { defineOptions } from '@portcullis/core/options';
import type { OptionsDefinition } from '@portcullis/core/options';
import type { MigrationCodec } from './codec.ts';
import { findWeakKey, migrationFields } from './options.ts';
import type { MigrationOptions, ResolvedMigration } from './options.ts';
import { parseJsonObject } from './parse-json.ts';

const definition: OptionsDefinition<MigrationOptions, ResolvedMigration> = defineOptions({
  package: '@portcullis/session',
  area: 'SESSION',
  fields: migrationFields('session'),
});

/**
 * Reads sessions of npm's `cookie-session` (base64 JSON, signed by Keygrip with SHA-1 in a second cookie, `<name>.sig`).
 * They carry no time, so nothing but `until` ends them.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS`
 */
export function fromCookieSession(options: MigrationOptions): MigrationCodec {
  const { keys, cookieName, ...rest } = definition.resolve(options).options;
  const secrets = keys.map((key) => key.reveal());
  const signatureName = `${cookieName}.sig`;
  return Object.freeze({
    ...rest,
    name: 'cookie-session',
    cookieNames: Object.freeze([cookieName, signatureName]),
    weakness: findWeakKey(keys),
    read(values) {
      const signatures = values(signatureName);
      for (const value of values(cookieName)) {
        if (!isSigned(`${cookieName}=${value}`, signatures, secrets)) continue;
        const data = parseJsonObject(Buffer.from(value, 'base64').toString());
        if (data !== undefined) return { data };
      }
      return undefined;
    },
  } satisfies MigrationCodec);
}

function isSigned(
  text: string,
  signatures: readonly string[],
  keys: readonly (string | Buffer)[],
): boolean {
  return keys.some((key) => {
    const expected = Buffer.from(createHmac('sha1', key).update(text).digest('base64url'));
    return signatures.some((signature) => {
      const given = Buffer.from(signature);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  });
}
