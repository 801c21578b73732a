import { describeGot } from './got.ts';
import type { Secret } from './secret.ts';

// What tutorials, templates and the defaults of other frameworks contain. Compared without case,
// spaces and punctuation.
const WELL_KNOWN = new Set([
  'keyboardcat',
  'yoursecretkey',
  'yoursecret',
  'yoursecrethere',
  'secret',
  'secretkey',
  'mysecret',
  'mysecretkey',
  'supersecret',
  'supersecretkey',
  'topsecret',
  'notsosecret',
  'sessionsecret',
  'cookiesecret',
  'jwtsecret',
  'appsecret',
  'changeme',
  'changethis',
  'changeit',
  'replaceme',
  'password',
  'passw0rd',
  'admin',
  'default',
  'development',
  'example',
  'test',
  'testsecret',
  'devsecret',
  'foobar',
  'shhhh',
  'letmein',
  'qwerty',
  '123456',
  '12345678',
]);

// Long enough to pass the length check, and still a placeholder somebody forgot.
const PLACEHOLDER =
  /change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this|with)|your[-_ ]?(?:own[-_ ]?)?(?:secret|key|random)|keyboard[-_ ]?cat|(?:super|very|my|top)[-_ ]?secret|placeholder|insert[-_ ]?(?:your|a)|example[-_ ]?(?:secret|key)/i;

// Of 32 random hexadecimal digits fewer than 6 different ones come up once in 10^13.
const FEWEST_SYMBOLS = 6;

/** What is wrong with a secret, without quoting it; undefined when nothing speaks against it. */
export function findWeakness(secret: Secret, minLength: number): string | undefined {
  const value = secret.reveal();
  const text = typeof value === 'string' ? value : value.toString('latin1');
  if (isWellKnown(text)) return 'a value that everybody knows from examples';
  if (text.length < minLength) {
    return describeGot(value, true);
  }
  if (new Set(text).size < FEWEST_SYMBOLS) return 'a value made of a few repeated characters';
  if (isRepetition(text)) return 'a value that repeats itself';
  return undefined;
}

function isWellKnown(text: string): boolean {
  return WELL_KNOWN.has(text.replace(/[\W_]/g, '').toLowerCase()) || PLACEHOLDER.test(text);
}

/** A text repeats itself when a start of it, at most half as long, goes on to the end, be it cut off there. */
function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period++) {
    if (text.startsWith(text.slice(period))) return true;
  }
  return false;
}
