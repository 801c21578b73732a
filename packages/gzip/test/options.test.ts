import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { OptionsError } from '@portcullis/core';
import { runtimeHas } from '../src/encoding.ts';
import { gzip } from '../src/index.ts';
import type { GzipOptions } from '../src/index.ts';
import { breachMeasures, gzipOptions, usableEncodings } from '../src/options.ts';
import { createSettings, parallelJobs } from '../src/settings.ts';
import { pretendZstd, restoreZlib } from './replaced-zlib.ts';

function messagesFor(options: unknown): readonly string[] {
  try {
    // What JavaScript callers pass is not limited by types.
    gzip(options as GzipOptions);
  } catch (error) {
    if (error instanceof OptionsError)
      return error.issues.map(({ code, message }) => `${code} ${message}`);
    throw error;
  }
  return [];
}

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
  restoreZlib();
});

describe('gzip(options)', () => {
  test('needs none', () => {
    expect(gzip().name).toBe('gzipMiddleware');
    expect(gzip({}).length).toBe(3);
    expect(messagesFor({ minimumSize: undefined, filter: undefined })).toEqual([]);
  });

  test.each<[string, GzipOptions]>([
    ['sizes in words', { minimumSize: '1kb', cache: { maxBytes: '4mb' } }],
    ['one level', { compressLevel: 9 }],
    ['levels', { compressLevel: { gzip: 1, br: 0, zstd: 19, deflate: 9 } }],
    ['an order', { encodings: ['gzip', 'br', 'gzip'] }],
    ['measures', { breach: { jitter: 0 } }],
    ['a budget', { syncBudget: '2ms' }],
  ])('takes %s', (_, options) => {
    expect(messagesFor(options)).toEqual([]);
  });

  test.each([
    [{ minimumsize: 1 }, 'GZIP_UNKNOWN_OPTION minimumsize: is not an option'],
    [{ minimumSize: -1 }, 'GZIP_OUT_OF_RANGE minimumSize: expected a size'],
    [{ minimumSize: '1 potato' }, 'GZIP_WRONG_TYPE minimumSize: expected a size'],
    [{ compressLevel: 0 }, 'GZIP_OUT_OF_RANGE compressLevel: expected an integer from 1 to 9'],
    [
      { compressLevel: { br: 12 } },
      'GZIP_OUT_OF_RANGE compressLevel.br: expected an integer from 0',
    ],
    [{ compressLevel: { zstd: 20 } }, 'GZIP_OUT_OF_RANGE compressLevel.zstd: expected an integer'],
    [{ compressLevel: { gizp: 1 } }, 'GZIP_UNKNOWN_OPTION compressLevel.gizp: is not an option'],
    [{ encodings: [] }, 'GZIP_OUT_OF_RANGE encodings: expected a list of at least 1'],
    [{ encodings: ['brotli'] }, 'GZIP_WRONG_TYPE encodings[0]: expected one of "zstd"'],
    [{ filter: /json/ }, 'GZIP_WRONG_TYPE filter: expected a function (req, res) => boolean'],
    [
      { excludeContentTypes: ['csv'] },
      'GZIP_INVALID excludeContentTypes[0]: expected a content type',
    ],
    [{ etag: 'weak' }, 'GZIP_WRONG_TYPE etag: expected one of "weaken"'],
    [{ cache: 1024 }, 'GZIP_WRONG_TYPE cache: expected true or false or an object'],
    [{ cache: { maxBytes: 1 } }, 'GZIP_OUT_OF_RANGE cache.maxBytes: expected a size'],
    [{ breach: { jitter: 2000 } }, 'GZIP_OUT_OF_RANGE breach.jitter: expected an integer from 0'],
    [{ syncBudget: '2s' }, 'GZIP_OUT_OF_RANGE syncBudget: expected a duration'],
    [{ onUnacceptable: 415 }, 'GZIP_WRONG_TYPE onUnacceptable: expected one of "identity", 406'],
    [
      { breach: true, encodings: ['br'] },
      'GZIP_NO_ENCODING encodings: leaves nothing to compress with: "breach.jitter" works with',
    ],
  ])('refuses %j', (options, expected) => {
    const messages = messagesFor(options);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.slice(0, expected.length)).toBe(expected);
  });

  test('is not changed by what happens to the object afterwards', () => {
    const encodings: ('gzip' | 'br')[] = ['gzip'];
    const { options } = gzipOptions.resolve({ encodings });
    encodings.push('br');
    expect(options.encodings).toEqual(['gzip']);
  });
});

describe('zstd on a Node without it', () => {
  test('is silently left out of the default', () => {
    pretendZstd(false);
    expect(gzipOptions.resolve({}).warnings).toEqual([]);
    expect(usableEncodings({ encodings: undefined, breach: false })).toEqual([
      'br',
      'gzip',
      'deflate',
    ]);
  });

  test('is left out with a warning when it was asked for', () => {
    pretendZstd(false);
    const { warnings } = gzipOptions.resolve({ encodings: ['zstd', 'gzip'] });
    expect(warnings.map(({ code, hint }) => [code, hint])).toEqual([
      ['GZIP_ZSTD_MISSING', 'use Node 22.15 or later, or leave "zstd" out'],
    ]);
  });

  test('is an error when nothing else is left', () => {
    pretendZstd(false);
    expect(messagesFor({ encodings: ['zstd'] })).toEqual([
      'GZIP_NO_ENCODING encodings: leaves nothing to compress with: this Node has no zstd',
    ]);
  });

  test('is used where the runtime has it', () => {
    pretendZstd(true);
    expect(runtimeHas('zstd')).toBe(true);
    expect(usableEncodings({ encodings: ['zstd', 'br'], breach: false })).toEqual(['zstd', 'br']);
    expect(usableEncodings({ encodings: undefined, breach: true })).toEqual(['zstd', 'gzip']);
    expect(gzipOptions.resolve({ encodings: ['zstd'] }).warnings).toEqual([]);
  });
});

describe('settings', () => {
  test.each([
    [true, { crossSite: true, jitter: 32 }],
    [false, { crossSite: false, jitter: 0 }],
    [
      { crossSite: false, jitter: 4 },
      { crossSite: false, jitter: 4 },
    ],
  ])('breach: %j', (breach, expected) => {
    expect(breachMeasures(breach)).toEqual(expected);
  });

  test.each([
    [undefined, 3],
    ['8', 7],
    ['1', 1],
    ['many', 3],
    ['0', 3],
  ])('UV_THREADPOOL_SIZE %s leaves room for %i jobs', (value, jobs) => {
    expect(parallelJobs(value)).toBe(jobs);
  });

  test('are frozen and in milliseconds', () => {
    const settings = createSettings(
      gzipOptions.resolve({ syncBudget: '1.5ms', cache: true }).options,
    );
    expect(Object.isFrozen(settings)).toBe(true);
    expect(settings.syncBudget).toBe(1.5);
    expect(settings.cache?.bytes).toBe(0);
    expect(createSettings(gzipOptions.resolve({}).options).cache).toBeUndefined();
    const bounded = createSettings(gzipOptions.resolve({ cache: {} }).options);
    expect(bounded.cache?.bytes).toBe(0);
  });
});
