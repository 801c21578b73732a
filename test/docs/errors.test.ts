import { describe, expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const packages = readdirSync(join(root, 'packages')).filter((name) => name !== 'testing');
const areas = ['CORS', 'TRUSTED_HOST', 'HTTPS_REDIRECT', 'GZIP', 'SESSION', 'UPGRADE', 'CONFIG'];

/** Codes that every area has; their headings stand without one. */
const generic = new Set([
  'WRONG_TYPE',
  'OUT_OF_RANGE',
  'CONFLICT',
  'INVALID',
  'MISSING',
  'WEAK_SECRET',
]);

/** `ERR_PORTCULLIS_X_Y` and the issue codes `X_Y` that a source file writes out in quotes. */
function codesOfSources(): Set<string> {
  const codes = new Set<string>();
  for (const name of packages) {
    const folder = join(root, 'packages', name, 'src');
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(join(folder, file), 'utf8');
      for (const [, code] of text.matchAll(/['"`](ERR_PORTCULLIS_[A-Z0-9_]+[A-Z0-9])['"`]/g)) {
        codes.add(code ?? '');
      }
      const area = name.toUpperCase().replaceAll('-', '_');
      // What a spec says through `fail` gets the area of its package in front.
      for (const [, code = ''] of text.matchAll(/fail\(\{[^}]*?code: '([A-Z_]+)'/g)) {
        if (!areas.includes(area) || generic.has(code)) continue;
        codes.add(code.startsWith(`${area}_`) ? code : `${area}_${code}`);
      }
      for (const [, code] of text.matchAll(
        new RegExp(`code: '((?:${areas.join('|')})_[A-Z0-9_]+)'`, 'g'),
      )) {
        codes.add(code ?? '');
      }
    }
  }
  return codes;
}

const documented = new Set(
  [
    ...readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(
      /^#{2,4} `?([A-Z][A-Z0-9_]+)`?$/gm,
    ),
  ].map(([, code]) => code ?? ''),
);

describe('docs/errors.md', () => {
  test.each([...codesOfSources()].sort())('has a heading for %s', (code) => {
    expect(documented).toContain(code);
  });

  test('has no heading for a code that nothing throws', () => {
    const all = packages
      .flatMap((name) => {
        const folder = join(root, 'packages', name, 'src');
        return readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts'))
          .map((file) => readFileSync(join(folder, file), 'utf8'));
      })
      .join('\n');
    // Codes made from an area and a word (`${area}_UNKNOWN_OPTION`) are found by their last words.
    const stale = [...documented].filter((code) => {
      const short = code.replace(/^ERR_PORTCULLIS_/, '');
      const word = areas.reduce((text, area) => text.replace(new RegExp(`^${area}_`), ''), short);
      return (
        !all.includes(code) &&
        !all.includes(short) &&
        !all.includes(`_${word}`) &&
        !all.includes(`'${word}'`)
      );
    });
    expect(stale).toEqual([]);
  });
});
