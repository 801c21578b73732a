import { describe, expect, test } from '@jest/globals';
import type { OptionsError } from '@portcullis/core';
import { trustedHost } from '@portcullis/trusted-host';

function problems(options: unknown): [string, string, string?][] {
  try {
    // What a configuration file or plain JavaScript may hand over.
    trustedHost(options as never);
  } catch (error) {
    const { code, issues } = error as OptionsError;
    expect(code).toBe('ERR_PORTCULLIS_OPTIONS');
    return issues.map(({ code: issue, message, hint }) =>
      hint === undefined ? [issue, message] : [issue, message, hint],
    );
  }
  return [];
}

const wildcard = "Domain wildcard patterns must be like '*.example.com'.";
const name = "Write a host name such as 'example.com'.";

describe('trustedHost() refuses, naming the entry and the fix', () => {
  test.each<[string, unknown, [string, string, string?]]>([
    [
      '*example.com',
      ['a.test', '*example.com'],
      [
        'TRUSTED_HOST_BAD_PATTERN',
        'allowedHosts[1]: "*example.com" misplaces the wildcard',
        wildcard,
      ],
    ],
    [
      'a.*.com',
      ['a.*.com'],
      ['TRUSTED_HOST_BAD_PATTERN', 'allowedHosts[0]: "a.*.com" misplaces the wildcard', wildcard],
    ],
    ['an empty entry', [''], ['TRUSTED_HOST_BAD_PATTERN', 'allowedHosts[0]: "" is empty', name]],
    ['an empty text', '', ['TRUSTED_HOST_BAD_PATTERN', 'allowedHosts: "" is empty', name]],
    [
      'a URL',
      'https://example.com/',
      [
        'TRUSTED_HOST_BAD_PATTERN',
        'allowedHosts: "https://example.com/" is a URL',
        "Write 'example.com'.",
      ],
    ],
    [
      'a bad entry of a text',
      'a.test, b.test:0',
      [
        'TRUSTED_HOST_BAD_PATTERN',
        'allowedHosts: "b.test:0" has a port that is not 1 to 65535',
        "Leave the port out to allow any, or write ':8080'.",
      ],
    ],
    [
      'a RegExp that can hang',
      [/(a+)+\.test/],
      [
        'TRUSTED_HOST_SLOW_REGEXP',
        "allowedHosts[0]: /(a+)+\\.test/ can take a client's time out of all proportion, because of (a+)+",
        'let every repetition begin where only one can, or write a predicate',
      ],
    ],
  ])('%s', (_, allowedHosts, expected) => {
    expect(problems({ allowedHosts })).toEqual([expected]);
  });

  test.each<[string, unknown, string]>([
    ['no options', undefined, 'TRUSTED_HOST_MISSING'],
    ['no allowedHosts', {}, 'TRUSTED_HOST_MISSING'],
    ['undefined', { allowedHosts: undefined }, 'TRUSTED_HOST_MISSING'],
    ['an empty list', { allowedHosts: [] }, 'TRUSTED_HOST_OUT_OF_RANGE'],
    ['a number', { allowedHosts: 7 }, 'TRUSTED_HOST_WRONG_TYPE'],
    ['a number in the list', { allowedHosts: [7] }, 'TRUSTED_HOST_WRONG_TYPE'],
    ['an unknown name', { allowedHosts: '*', allowedHost: 'a' }, 'TRUSTED_HOST_UNKNOWN_OPTION'],
    ['another status', { allowedHosts: '*', status: 404 }, 'TRUSTED_HOST_WRONG_TYPE'],
    ['a relative path', { allowedHosts: '*', exempt: ['health'] }, 'TRUSTED_HOST_BAD_PATH'],
    ['no path', { allowedHosts: '*', exempt: [] }, 'TRUSTED_HOST_OUT_OF_RANGE'],
    ['a path that is a number', { allowedHosts: '*', exempt: [7] }, 'TRUSTED_HOST_WRONG_TYPE'],
    ['bad trust', { allowedHosts: '*', trustProxy: '10.0.0.0/33' }, 'TRUSTED_HOST_WRONG_TYPE'],
    ['bad family', { allowedHosts: '*', forwarded: 'both' }, 'TRUSTED_HOST_WRONG_TYPE'],
    ['onReject', { allowedHosts: '*', onReject: 'x' }, 'TRUSTED_HOST_WRONG_TYPE'],
  ])('%s', (_, options, code) => {
    expect(problems(options).map(([issue]) => issue)).toEqual([code]);
  });

  test('all problems at once', () => {
    const found = problems({ allowedHosts: ['**', 'ok.test', 'a b'], status: 200 });
    expect(found.map(([, message]) => message.split(':')[0])).toEqual([
      'allowedHosts[0]',
      'allowedHosts[2]',
      'status',
    ]);
  });
});

describe('trustedHost()', () => {
  test('returns a function named for stack traces, and knows its order', () => {
    expect(trustedHost({ allowedHosts: '*' }).name).toBe('trustedHostMiddleware');
    expect(trustedHost.definition.name).toBe('trustedHost');
    expect(trustedHost.definition.order.before).toContain('session');
  });

  test('cannot be changed through the list it was given', async () => {
    const { send, serve } = await import('./served.ts');
    const { closeAll } = await import('@portcullis/testing');
    const allowedHosts = ['a.test'];
    const server = await serve({ allowedHosts });
    allowedHosts.push('evil.test');
    await expect(send(server, ['Host: evil.test'])).resolves.toBe('400 Invalid host header');
    await closeAll();
  });
});
