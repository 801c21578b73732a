/** A parsed regular expression, as far as the search for dangerous repetition needs it. */
export type Syntax =
  | { readonly kind: 'characters'; readonly set: bigint }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'sequence'; readonly items: readonly Syntax[] }
  | { readonly kind: 'choice'; readonly items: readonly Syntax[] }
  /** Look-around: matched on its own, it takes no text. */
  | { readonly kind: 'look'; readonly item: Syntax }
  | Repeat
  | { readonly kind: 'backreference'; readonly span: Span };

export interface Repeat {
  readonly kind: 'repeat';
  readonly item: Syntax;
  readonly min: number;
  /** `Infinity` without an upper limit. */
  readonly max: number;
  readonly span: Span;
}

/** From and to in the source of the expression. */
export type Span = readonly [number, number];

interface Cursor {
  readonly source: string;
  readonly flags: string;
  readonly unicode: boolean;
  at: number;
}

const nothing: Syntax = { kind: 'nothing' };

/** The expression is known to be valid, because the engine has compiled it. */
export function parseRegExp(expression: RegExp): Syntax {
  const flags = expression.flags.replace(/[^isuv]/g, '');
  return parseChoice({ source: expression.source, flags, unicode: /[uv]/.test(flags), at: 0 });
}

/** Takes what `pattern` (sticky) matches here; '' when it does not. */
function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at;
  const start = cursor.at;
  if (pattern.test(cursor.source)) cursor.at = pattern.lastIndex;
  return cursor.source.slice(start, cursor.at);
}

function parseChoice(cursor: Cursor): Syntax {
  const items = [parseSequence(cursor)];
  while (take(cursor, /\|/y) !== '') items.push(parseSequence(cursor));
  return { kind: 'choice', items };
}

function parseSequence(cursor: Cursor): Syntax {
  const items: Syntax[] = [];
  while (!/^[|)]?$/.test(cursor.source.charAt(cursor.at))) {
    const start = cursor.at;
    const atom = parseAtom(cursor);
    items.push(parseRepeat(cursor, atom, start));
  }
  return { kind: 'sequence', items };
}

function parseRepeat(cursor: Cursor, item: Syntax, start: number): Syntax {
  const text = take(cursor, /(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??/y);
  if (text === '') return item;
  const [min, max] = boundsOf(text);
  return { kind: 'repeat', item, min, max, span: [start, cursor.at] };
}

function boundsOf(text: string): [number, number] {
  if (text.startsWith('*')) return [0, Infinity];
  if (text.startsWith('+')) return [1, Infinity];
  if (text.startsWith('?')) return [0, 1];
  const min = Number.parseInt(text.slice(1), 10);
  if (!text.includes(',')) return [min, min];
  const max = Number.parseInt(text.slice(text.indexOf(',') + 1), 10);
  return [min, Number.isNaN(max) ? Infinity : max];
}

function parseAtom(cursor: Cursor): Syntax {
  switch (cursor.source.charAt(cursor.at)) {
    case '(':
      return parseGroup(cursor);
    case '[':
      return characters(cursor, takeClass(cursor));
    case '\\':
      return parseEscape(cursor);
    case '^':
    case '$':
      cursor.at++;
      return nothing;
    default:
      return characters(cursor, take(cursor, cursor.unicode ? /./suy : /./sy));
  }
}

function parseGroup(cursor: Cursor): Syntax {
  const opening = take(cursor, /\((?:\?(?:<?[=!]|<[^>]*>|[ims-]*:))?/y);
  const item = parseChoice(cursor);
  cursor.at++;
  return /[=!]$/.test(opening) ? { kind: 'look', item } : item;
}

const unicodeEscape = /\\(?:[pPu]\{[^}]*\}|u....|x..|c.|.)/suy;
const plainEscape = /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|c[a-z]|.)/isy;

function parseEscape(cursor: Cursor): Syntax {
  const start = cursor.at;
  if (take(cursor, /\\[bB]/y) !== '') return nothing;
  if (take(cursor, /\\(?:[1-9][0-9]*|k<[^>]*>)/y) !== '') {
    return { kind: 'backreference', span: [start, cursor.at] };
  }
  return characters(cursor, take(cursor, cursor.unicode ? unicodeEscape : plainEscape));
}

function takeClass(cursor: Cursor): string {
  const nested = cursor.flags.includes('v');
  const start = cursor.at;
  let depth = 0;
  do {
    const character = take(cursor, /\\?./sy);
    if (character === '[' && (nested || depth === 0)) depth++;
    else if (character === ']') depth--;
  } while (depth > 0);
  return cursor.source.slice(start, cursor.at);
}

// ASCII one by one; two letters stand for everything beyond, which a Host or Origin cannot hold anyway.
const probes: readonly string[] = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  '\u00e9',
  '\u4e2d',
];

/** The engine itself says which characters an atom covers. */
function characters({ flags }: Cursor, text: string): Syntax {
  const atom = new RegExp(`^(?:${text})$`, flags);
  let set = 0n;
  probes.forEach((probe, index) => {
    if (atom.test(probe)) set |= 1n << BigInt(index);
  });
  return { kind: 'characters', set };
}
