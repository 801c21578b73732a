/**
 * Remembers cookies that were authentic, because one visitor sends the same one with every request, and checking it again is
 * a quarter to a half of what reading a session costs. Forged cookies never get in, so nobody can push the good ones out with them.
 */
export interface VerifiedMemo<T> {
  get(value: string): T | undefined;
  /** Both should be {@link detached} from the header they came in. */
  add(value: string, verified: T): void;
}

/** In characters of the cookies: about ten thousand signed ids, or three thousand small encrypted sessions. */
const mostCharacters = 1_000_000;

/**
 * Copies text that was cut out of a header. V8 keeps the whole header alive with a cut-out, so that a few thousand remembered cookies of
 * 200 characters would hold all that their visitors sent beside them: 14 kB each in the worst case.
 */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}

/** Makes a {@link VerifiedMemo} for one set of keys; when it is full it starts again. */
export function createVerifiedMemo<T>(): VerifiedMemo<T> {
  const known = new Map<string, T>();
  let characters = 0;
  return {
    get: (value) => known.get(value),
    add(value, verified) {
      characters += value.length;
      if (characters > mostCharacters) {
        known.clear();
        characters = value.length;
      }
      known.set(value, verified);
    },
  };
}
