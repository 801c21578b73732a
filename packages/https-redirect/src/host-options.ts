import { explainHost, parseHostPattern, type Host, type HostPattern } from '@portcullis/core/http';
import { o, quote, type Fail, type Spec } from '@portcullis/core/options';

export const hostSpec: Spec<Host, string> = o.custom(
  "a host such as 'www.example.com'",
  (value, fail) => {
    if (typeof value !== 'string') return undefined;
    const host = explainHost(value);
    if (typeof host !== 'string') return host;
    const hint = 'write the host only, without a scheme or a path';
    return fail({
      code: 'BAD_HOST',
      message: `${quote(value)} is no host (${host})`,
      hint,
    });
  },
);

const expected = "a host such as 'example.com' or '*.example.com'";

/** A text is a list of its own: environment variables cannot hold another. */
const textSpec: Spec<readonly HostPattern[], string> = o.custom(expected, (value, fail) => {
  if (typeof value !== 'string') return undefined;
  const words = value.split(/[,;\s]+/).filter((word) => word !== '');
  const patterns = (words.length === 0 ? [''] : words).map((word) => checkPattern(word, fail));
  const valid = patterns.filter((pattern) => pattern !== undefined);
  return valid.length === patterns.length ? Object.freeze(valid) : undefined;
});

const entrySpec: Spec<HostPattern, string> = o.custom(expected, (value, fail) =>
  typeof value === 'string' ? checkPattern(value, fail) : undefined,
);

export const hostListSpec: Spec<readonly HostPattern[], string | readonly string[]> = o.either(
  textSpec,
  o.list(entrySpec, { min: 1 }),
);

function checkPattern(entry: string, fail: Fail): HostPattern | undefined {
  const pattern = parseHostPattern(entry);
  if (!('fault' in pattern)) return pattern;
  const { fault, hint } = pattern;
  return fail({ code: 'BAD_PATTERN', message: `${quote(entry)} ${fault}`, hint });
}
