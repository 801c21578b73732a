import { describe, expect, test } from '@jest/globals';
import { formatHost, parseHost, type Host } from '@portcullis/core/http';
import fc from 'fast-check';

/** The grammar again, written for reading and not for speed. */
function inGrammar(text: string): boolean {
  const ipv6 = /^\[([0-9A-Fa-f:.]+)\](?::([1-9][0-9]{0,4}))?$/.exec(text);
  if (ipv6 !== null) return Number(ipv6[2] ?? 1) <= 65535;
  const name = /^((?:[\w-]{1,63}\.)*[\w-]{1,63})\.?(?::([1-9][0-9]{0,4}))?$/.exec(text);
  return name !== null && (name[1] ?? '').length <= 253 && Number(name[2] ?? 1) <= 65535;
}

/** What browsers and `new URL` make of the text as an authority. */
function urlHostname(text: string): string | undefined {
  try {
    return new URL(`http://${text}/`).hostname;
  } catch {
    return undefined;
  }
}

const label = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const port = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 0, max: 99_999 }).map((n) => `:${n}`),
);
const names = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '.', '..'), port)
  .map(([labels, dot, after]) => labels.join('.') + dot + after);
const addresses = fc
  .tuple(
    fc.oneof(
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6().map((ip) => `[${ip}]`),
    ),
    port,
  )
  .map(([address, after]) => address + after);
const noise = fc.stringMatching(/^[-a-z0-9.:[\]@/?#%\\ ,;_*\u00fc\u212a]{0,20}$/);
const texts = fc.oneof(names, addresses, noise, fc.string());
const runs = { numRuns: 3000 };

function whenAccepted(check: (host: Host, text: string) => void): void {
  fc.assert(
    fc.property(texts, (text) => {
      const host = parseHost(text);
      if (host !== undefined) check(host, text);
    }),
    runs,
  );
}

describe('parseHost()', () => {
  test('gives back what it wrote: parse, format, parse', () => {
    whenAccepted((host) => expect(parseHost(formatHost(host))).toEqual(host));
  });

  test('accepts nothing outside the grammar', () => {
    whenAccepted((_, text) => expect([text, inGrammar(text)]).toEqual([text, true]));
  });

  test('never disagrees with new URL about the host name', () => {
    whenAccepted((host, text) => {
      const bracketed = host.kind === 'ipv6' ? `[${host.hostname}]` : host.hostname;
      const seen = urlHostname(text)?.replace(/\.$/, '');
      expect([text, seen]).toEqual([text, bracketed]);
    });
  });

  test('agrees with the URL Standard on every canonical host that it writes', () => {
    whenAccepted((host) => {
      const canonical = formatHost({ ...host, port: undefined });
      expect(urlHostname(canonical)).toBe(canonical);
    });
  });

  test('accepts every canonical name and address, so that nobody is locked out', () => {
    const hosts = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
    );
    fc.assert(
      fc.property(hosts, (text) => {
        // fc.domain() makes punycode labels too, of which some are invalid.
        fc.pre(urlHostname(text) !== undefined && !/%/.test(text));
        expect([text, parseHost(text) !== undefined]).toEqual([text, true]);
      }),
      runs,
    );
  });
});
