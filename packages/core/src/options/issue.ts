/** One problem with one option. Never holds the value of a secret. */
export interface OptionIssue {
  /** Stable, for programs: `CORS_UNKNOWN_OPTION`. Every code is explained in docs/errors.md. */
  readonly code: string;
  /** Where: `allowMethods[1]`; empty for the options as a whole. */
  readonly path: string;
  /** What would have been accepted. */
  readonly expected?: string | undefined;
  /** What was given, in words. */
  readonly got?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Where the value came from, when it was not written at the call. */
  readonly source?: string | undefined;
  /** The whole problem in one line. */
  readonly message: string;
}

/** What a check says of one value; the path and the area's prefix are added for it. */
export interface Fault {
  /** Without the area: `WRONG_TYPE` becomes `CORS_WRONG_TYPE`. */
  readonly code?: string | undefined;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  readonly hint?: string | undefined;
  /** A sentence instead of "expected …, got …". */
  readonly message?: string | undefined;
}

/** What a cross-field rule reports. */
export interface Issue extends Fault {
  readonly code: string;
  /** The option to look at first. */
  readonly path: string;
}

export interface Place {
  readonly area: string;
  readonly path: string;
  readonly source?: string | undefined;
}

/** Completes a fault to an issue. */
export function toIssue(fault: Fault, { area, path, source }: Place): OptionIssue {
  const code = fault.code ?? 'WRONG_TYPE';
  const from = source === undefined ? '' : ` (from ${source})`;
  return Object.freeze({
    code: code.startsWith(`${area}_`) ? code : `${area}_${code}`,
    path,
    ...given('expected', fault.expected),
    ...given('got', fault.got),
    ...given('hint', fault.hint),
    ...given('source', source),
    message: `${path === '' ? 'options' : path}: ${sentence(fault)}${from}`,
  });
}

function given(name: 'expected' | 'got' | 'hint' | 'source', text: string | undefined): object {
  return text === undefined ? {} : { [name]: text };
}

function sentence({ message, expected, got }: Fault): string {
  if (message !== undefined) return message;
  const wanted = expected === undefined ? 'cannot be used' : `expected ${expected}`;
  return got === undefined ? wanted : `${wanted}, got ${got}`;
}

/** `['cookie', 'names', 1]` as a person writes it: `cookie.names[1]`. */
export function formatPath(segments: readonly PropertyKey[]): string {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${String(segment)}]`;
    else if (typeof segment === 'string' && /^[\w$]+$/.test(segment)) {
      path += path === '' ? segment : `.${segment}`;
    } else path += `[${JSON.stringify(String(segment))}]`;
  }
  return path;
}
