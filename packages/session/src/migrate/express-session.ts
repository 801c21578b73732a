import { unsign } from 'cookie-signature';
import { defineOptions } from '@portcullis/core/options';
import type { OptionsDefinition } from '@portcullis/core/options';
import type { MigrationCodec } from './codec.ts';
import { findWeakKey, migrationFields } from './options.ts';
import type { MigrationOptions, ResolvedMigration } from './options.ts';

const definition: OptionsDefinition<MigrationOptions, ResolvedMigration> = defineOptions({
  package: '@portcullis/session',
  area: 'SESSION',
  fields: migrationFields('connect.sid'),
});

/**
 * Reads the ids of `express-session` (`s:<id>.<signature>`, percent-encoded). The data is where it was, so this needs a store that
 * holds the records of `express-session`; with cookie sessions it is refused.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS`
 */
export function fromExpressSession(options: MigrationOptions): MigrationCodec {
  const { keys, cookieName, ...rest } = definition.resolve(options).options;
  const secrets = keys.map((key) => key.reveal());
  return Object.freeze({
    ...rest,
    name: 'express-session',
    cookieNames: Object.freeze([cookieName]),
    weakness: findWeakKey(keys),
    read(values) {
      for (const value of values(cookieName)) {
        const id = readSignedId(value, secrets);
        if (id !== undefined) return { id };
      }
      return undefined;
    },
  } satisfies MigrationCodec);
}

/** The id in a cookie value such as `s%3A<id>.<signature>`, or `undefined` when no secret made it. */
function readSignedId(value: string, secrets: readonly (string | Buffer)[]): string | undefined {
  let text: string;
  try {
    text = decodeURIComponent(value);
  } catch {
    return undefined;
  }
  if (!text.startsWith('s:')) return undefined;
  const signed = text.slice(2);
  for (const secret of secrets) {
    const id = unsign(signed, secret);
    if (id !== false) return id;
  }
  return undefined;
}
