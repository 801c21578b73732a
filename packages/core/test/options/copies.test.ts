import { describe, expect, jest, test } from '@jest/globals';
import { loadConfig } from '@portcullis/core/config';
import { o } from '@portcullis/core/options';
import * as one from '@portcullis/core';
import { defineOptions } from '@portcullis/core/options';
import { refusal } from './refusal.ts';
import { goodSecret } from './sample.ts';

/** A second copy of the package, as npm installs it under another one. */
function secondCopy(): {
  core: typeof one;
  options: { defineOptions: typeof defineOptions; o: typeof o };
} {
  let copy: ReturnType<typeof secondCopy> | undefined;
  jest.isolateModules(() => {
    copy = {
      core: jest.requireActual('@portcullis/core'),
      options: jest.requireActual('@portcullis/core/options'),
    };
  });
  if (copy === undefined) throw new Error('No copy');
  return copy;
}

describe('Two copies of the package in one process', () => {
  const two = secondCopy();

  test('are two copies', () => {
    expect(two.core.Secret).not.toBe(one.Secret);
  });

  test('take each other’s secrets', () => {
    const definition = defineOptions<{ key: one.SecretValue }, { readonly key: one.Secret }>({
      package: 'one',
      area: 'ONE',
      fields: { key: o.secret() },
    });
    const foreign = two.core.Secret.from(goodSecret);
    expect(definition.resolve({ key: foreign }).options.key.reveal()).toBe(goodSecret);
  });

  test('configure each other’s middleware, and name the source of a wrong value', async () => {
    const audit = two.core.defineMiddleware<{ level?: number }, { readonly level: number }>({
      name: 'audit',
      options: two.options.defineOptions({
        package: 'audit',
        area: 'AUDIT',
        fields: { level: two.options.o.withDefault(two.options.o.integer(), 1) },
      }),
      setup: () => (_req, _res, next) => next(),
    });
    const config = await loadConfig({}, { env: { AUDIT_LEVEL: 'high' }, definitions: [audit] });
    expect(() => audit(config.get(audit))).toThrow(
      'got the string "high" (from the environment variable AUDIT_LEVEL)',
    );
  });

  test('are told apart by nobody who asks for the code', () => {
    const definition = two.options.defineOptions<object, object>({
      package: 'two',
      area: 'TWO',
      fields: {},
    });
    expect(refusal(definition, 5).code).toBe('ERR_PORTCULLIS_OPTIONS');
  });
});
