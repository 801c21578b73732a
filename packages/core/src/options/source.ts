/** Where `loadConfig` notes the origins of the values in the option objects that it makes. */
const SOURCES = Symbol.for('portcullis.sources');

/**
 * Notes where the values of an options object come from: name -> "the environment variable X".
 * The note is not enumerable, so that it does not travel into copies such as
 * `{ ...config.cors, maxAge: 5 }`, where it would be wrong.
 */
export function noteSources(options: object, sources: ReadonlyMap<string, string>): void {
  Object.defineProperty(options, SOURCES, { value: sources });
}

/** Where the value of an option comes from; undefined for the call itself. */
export function sourceOf(options: unknown, name: string): string | undefined {
  if (typeof options !== 'object' || options === null || !(SOURCES in options)) return undefined;
  // Only `noteSources` writes there.
  return (options[SOURCES] as ReadonlyMap<string, string>).get(name);
}
