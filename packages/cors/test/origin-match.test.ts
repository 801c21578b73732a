import { describe, expect, test } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { parseOrigin } from '../src/origin.ts';
import { compileOrigins } from '../src/origin-match.ts';
import { parseOriginRule } from '../src/origin-rule.ts';
import { anyLabel, anyName, anyOrigin, anyPort, anyText } from './arbitraries.ts';

function matcher(
  origins: readonly unknown[],
  {
    allowNull = false,
    anyIncludesNull = false,
  }: { allowNull?: boolean; anyIncludesNull?: boolean } = {},
): (origin: string) => string | undefined {
  const rules = origins.map((entry) => {
    const rule = parseOriginRule(entry, (fault) => {
      throw new Error(JSON.stringify(fault));
    });
    if (rule === undefined) throw new Error('not a rule');
    return rule;
  });
  return compileOrigins(rules, { allowNull, anyIncludesNull }).match;
}

describe('exact origins', () => {
  test.each([
    ['https://example.com', true],
    ['https://example.computer', false],
    ['https://notexample.com', false],
    ['https://example.com.evil.net', false],
    ['https://www.example.com', false],
    ['https://example.com.', false],
    ['https://example.com:443', false],
    ['https://example.com:8443', false],
    ['https://EXAMPLE.com', false],
    ['https://example.com/', false],
    ['https://example.com ', false],
    [' https://example.com', false],
    ['https://example.com#', false],
    ['https://example.com?', false],
    ['https://example.com\\', false],
    ['https://example.com@evil.net', false],
    ['https://evil.net@example.com', false],
    ['https://example.com%60.evil.net', false],
    ['http://example.com', false],
    ['https://ex\u0430mple.com', false],
    ['https://example.com, https://example.com', false],
    ['null', false],
    ['*', false],
    ['', false],
    ['https://e', false],
  ])('["https://example.com"] and %j: %s', (origin, allowed) => {
    expect(matcher(['https://example.com'])(origin) !== undefined).toBe(allowed);
  });

  test('a custom scheme matches itself alone', () => {
    const match = matcher(['connector://example.com']);
    expect(match('connector://example.com')).toBe('connector://example.com');
    expect(match('connector://example.com:6060')).toBeUndefined();
    expect(match('https://example.com')).toBeUndefined();
  });

  test('ten hosts that share letters do not leak into each other', () => {
    const hosts = ['bat', 'cat', 'eat', 'fat', 'hat', 'mat', 'oat', 'pat', 'rat', 'vat'];
    const match = matcher(hosts.map((host) => `https://${host}`));
    for (const host of hosts) expect(match(`https://${host}`)).toBe(`https://${host}`);
    expect(match('https://hazmat')).toBeUndefined();
    expect(match('https://at')).toBeUndefined();
  });

  test('URL objects are taken by their origin, also of a scheme that has none', () => {
    const match = matcher([
      new URL('https://example.com/app?x#y'),
      new URL('capacitor://localhost/x'),
    ]);
    expect(match('https://example.com')).toBeDefined();
    expect(match('capacitor://localhost')).toBeDefined();
  });
});

describe('patterns', () => {
  test.each([
    ['https://*.example.com', 'https://foo.example.com', true],
    ['https://*.example.com', 'https://foo.bar.example.com', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://barexample.com', false],
    ['https://*.example.com', 'https://foo.example.com:8443', false],
    ['https://*.example.com', 'http://foo.example.com', false],
    ['https://*.example.com', 'https://foo.example.com.evil.net', false],
    ['https://*.example.com', 'https://.example.com', false],
    ['https://*.example.com', 'https://foo..example.com', false],
    ['https://*.example.com', 'https://evil.net/.example.com', false],
    ['https://*.example.com', 'https://evil.net#.example.com', false],
    ['https://*.example.com', 'https://a@foo.example.com', false],
    ['https://*.example.com:8443', 'https://foo.example.com:8443', true],
    ['https://*.example.com:8443', 'https://foo.example.com', false],
    ['https://*.example.com:*', 'https://foo.example.com', true],
    ['https://*.example.com:*', 'https://foo.bar.example.com:9000', true],
    ['https://*.example.com:*', 'https://example.com:9000', false],
    ['http://localhost:*', 'http://localhost', true],
    ['http://localhost:*', 'http://localhost:65535', true],
    ['http://localhost:*', 'http://localhost:65536', false],
    ['http://localhost:*', 'http://localhost.evil.net', false],
    ['http://localhost:*', 'http://evil.localhost', false],
    ['http://localhost:*', 'https://localhost', false],
    ['http://127.0.0.1:*', 'http://127.0.0.1.evil.com', false],
    ['http://127.0.0.1:*', 'http://127.0.0.1:5173', true],
    ['http://[::1]:*', 'http://[::1]:3000', true],
    ['http://[::1]:*', 'http://[::2]:3000', false],
    ['app://*.example', 'app://a.example', true],
    ['http://*.localhost:*', 'http://tenant.localhost:3000', true],
  ])('%s and %s: %s', (pattern, origin, allowed) => {
    expect(matcher([pattern])(origin)).toBe(allowed ? pattern : undefined);
  });

  test('say which of several matched, the shortest suffix first', () => {
    const match = matcher([
      'https://*.kin',
      'https://*.nap.kin',
      'https://*.kin:1',
      'https://a.kin',
    ]);
    expect(match('https://a.kin')).toBe('https://a.kin');
    expect(match('https://nap.kin')).toBe('https://*.kin');
    expect(match('https://x.nap.kin')).toBe('https://*.kin');
    expect(match('https://nap.kin:1')).toBe('https://*.kin:1');
    expect(match('https://nap.kin:2')).toBeUndefined();
    expect(match('https://akin')).toBeUndefined();
    expect(match('http://nap.kin')).toBeUndefined();
  });

  test('an exact origin, its port and a wildcard of the same host live side by side', () => {
    const bases = ['net', 'org', 'com'].map((top) => `example.${top}`);
    const match = matcher(
      bases.flatMap((base) => [`https://*.${base}`, `https://${base}`, `https://${base}:8080`]),
    );
    for (const base of bases) {
      expect(match(`https://${base}`)).toBe(`https://${base}`);
      expect(match(`https://${base}:8080`)).toBe(`https://${base}:8080`);
      expect(match(`https://www.${base}`)).toBe(`https://*.${base}`);
      expect(match(`https://www.${base}:8080`)).toBeUndefined();
      expect(match(`https://${base.slice(1)}`)).toBeUndefined();
      expect(match(`https://${base.slice(0, -1)}`)).toBeUndefined();
    }
  });
});

describe('expressions', () => {
  test.each([
    [/https:\/\/a\.x|https:\/\/b\.y/, 'https://a.x', true],
    [/https:\/\/a\.x|https:\/\/b\.y/, 'https://a.x.evil', false],
    [/https:\/\/a\.x|https:\/\/b\.y/, 'https://evil.b.y', false],
    [/example\.com/, 'https://example.com', false],
    [/.*/, 'null', false],
    [/.*/, 'https://a.example/path', false],
    [/.*/, 'https://a.example, https://b.example', false],
    [/https:\/\/.*\.example\.com/, 'https://evil.net#.example.com', false],
    [/https:\/\/.*\.example\.com/i, 'https://A.example.com', false],
  ])('%s and %s: %s', (expression, origin, allowed) => {
    expect(matcher([expression])(origin)).toBe(allowed ? String(expression) : undefined);
  });

  test('answer the same however often they are asked, with the flags g and y too', () => {
    const match = matcher([/https:\/\/a\.example/gy]);
    const answers = Array.from({ length: 4 }, () => match('https://a.example'));
    expect(new Set(answers)).toEqual(new Set(['/https:\\/\\/a\\.example/gy']));
  });
});

describe('any origin', () => {
  test('is any well-formed one', () => {
    const match = matcher(['*', 'https://a.example']);
    expect(match('https://whoever.example')).toBe('*');
    expect(match('https://a.example')).toBe('https://a.example');
    expect(match('https://whoever.example/')).toBeUndefined();
    expect(match('null')).toBeUndefined();
    expect(match('*')).toBeUndefined();
  });

  test('includes null only where the answer is a literal star', () => {
    expect(matcher(['*'], { anyIncludesNull: true })('null')).toBe('*');
    expect(matcher(['https://a.example'], { anyIncludesNull: true })('null')).toBeUndefined();
    expect(matcher([], { allowNull: true })('null')).toBe('dangerouslyAllowNullOrigin');
    expect(matcher(['*'], { allowNull: true, anyIncludesNull: true })('null')).toBe(
      'dangerouslyAllowNullOrigin',
    );
  });
});

describe('for any origin', () => {
  test('one that is not listed is not allowed', () => {
    const match = matcher([
      'https://app.example',
      'http://localhost:*',
      'https://*.tenant.example',
    ]);
    fc.assert(
      fc.property(anyOrigin, (origin) => {
        fc.pre(!/localhost|app\.example|tenant\.example/.test(origin));
        expect(match(origin)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('whatever is allowed is a grammatical origin', () => {
    const match = matcher(['*', /.*/, 'https://*.example', 'http://localhost:*']);
    fc.assert(
      fc.property(fc.oneof(anyOrigin, anyText), (origin) => {
        if (match(origin) !== undefined) expect(parseOrigin(origin)).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('a pattern matches exactly the names below its host, on its scheme and ports', () => {
    fc.assert(
      fc.property(anyName, anyLabel, anyPort, (base, label, port) => {
        const match = matcher([`https://*.${base}${port === ':443' ? '' : port}`]);
        const below = `https://${label}.${base}${port}`;
        // The URL parser refuses names that look like encoded ones, and no browser names a default port.
        fc.pre(parseOrigin(below) !== undefined && !/(?:^|\.)xn--/.test(`${label}.${base}`));
        expect(match(below)).toBeDefined();
        expect(match(`https://${label}${base}${port}`)).toBeUndefined();
        expect(match(`https://${base}${port}`)).toBeUndefined();
        expect(match(`http://${label}.${base}${port}`)).toBeUndefined();
        expect(match(`https://${label}.${base}${port}.${label}`)).toBeUndefined();
        expect(match(`https://${label}.${base}.${label}${port}`)).toBeUndefined();
        expect(match(`${below}1`)).toBeUndefined();
      }),
    );
  });
});

describe('cost', () => {
  const best = (match: (origin: string) => string | undefined, origin: string): number => {
    const rounds = Array.from({ length: 9 }, () => {
      const start = process.hrtime.bigint();
      for (let i = 0; i < 5000; i++) match(origin);
      return Number(process.hrtime.bigint() - start);
    });
    return Math.min(...rounds);
  };

  test.each([
    ['exact origins', (index: number) => `https://host-${String(index)}.example`],
    ['patterns', (index: number) => `https://*.host-${String(index)}.example`],
  ])('10 000 %s cost what ten do', (_name, entry) => {
    const ten = matcher(Array.from({ length: 10 }, (_, index) => entry(index)));
    const many = matcher(Array.from({ length: 10_000 }, (_, index) => entry(index)));
    for (const origin of [
      'https://a.host-7.example',
      'https://host-7.example',
      'https://evil.example',
    ]) {
      best(ten, origin);
      best(many, origin);
      expect(best(many, origin)).toBeLessThan(best(ten, origin) * 4);
    }
  });

  test('the heap does not grow with the number of distinct origins', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const match = matcher(['*', 'https://*.tenant.example', /https:\/\/c\d\.example/]);
    const heapAfter = (from: number, count: number): number => {
      for (let i = from; i < from + count; i++) match(`https://tenant-${String(i)}.tenant.example`);
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = heapAfter(0, 1000);
    expect(heapAfter(1000, 100_000) - before).toBeLessThan(2_000_000);
  });

  test('an overlong Origin is not even hashed', () => {
    const match = matcher(['https://a.example', 'https://*.b.example', /https:\/\/c\d\.example/]);
    const long = `https://${'a.'.repeat(8000)}example`;
    expect(match(long)).toBeUndefined();
    expect(best(match, long)).toBeLessThan(best(match, 'https://nobody.example'));
  });
});
