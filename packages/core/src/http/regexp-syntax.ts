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
  at: number;
}

const nothing: Syntax = { kind: 'nothing' };

/** The expression is known to be valid, because the engine has compiled it. */
export function parseRegExp(expression: RegExp): Syntax {
  const flags = expression.flags.replace(/[^isuv]/g, '');
  return parseChoice({ source: expression.source, flags, at: 0 });
}

function parseChoice(cursor: Cursor): Syntax {
  const items = [parseSequence(cursor)];
  while (cursor.source[cursor.at] === '|') {
    cursor.at++;
    items.push(parseSequence(cursor));
  }
  return { kind: 'choice', items };
}

function parseSequence(cursor: Cursor): Syntax {
  const items: Syntax[] = [];
  while (cursor.at < cursor.source.length && !/[|)]/.test(cursor.source[cursor.at] ?? '')) {
    const start = cursor.at;
    const atom = parseAtom(cursor);
    items.push(parseRepeat(cursor, atom, start));
  }
  return { kind: 'sequence', items };
}

function parseRepeat(cursor: Cursor, item: Syntax, start: number): Syntax {
  const match = sticky(/(?:[*+?]|\{([0-9]+)(,([0-9]*))?\})\??/y, cursor);
  if (match === undefined) return item;
  const [text = '', low, comma, high] = match;
  cursor.at += text.length;
  const span: Span = [start, cursor.at];
  if (low !== undefined) {
    const min = Number(low);
    const limit = high === '' ? Infinity : Number(high);
    return { kind: 'repeat', item, min, max: comma === undefined ? min : limit, span };
  }
  const min = text.startsWith('+') ? 1 : 0;
  return { kind: 'repeat', item, min, max: text.startsWith('?') ? 1 : Infinity, span };
}

function parseAtom(cursor: Cursor): Syntax {
  const character = cursor.source[cursor.at];
  if (character === '(') return parseGroup(cursor);
  if (character === '[') return characters(cursor, classLength(cursor));
  if (character === '\\') return parseEscape(cursor);
  if (character === '^' || character === '$') {
    cursor.at++;
    return nothing;
  }
  const [point = ''] = sticky(isUnicode(cursor) ? /./suy : /./sy, cursor) ?? [];
  return characters(cursor, point.length);
}

function isUnicode(cursor: Cursor): boolean {
  return /[uv]/.test(cursor.flags);
}

function parseGroup(cursor: Cursor): Syntax {
  const [opening = '('] = sticky(/\((?:\?(?:<?[=!]|<[^>]*>|[ims-]*:))?/y, cursor) ?? [];
  cursor.at += opening.length;
  const item = parseChoice(cursor);
  cursor.at++;
  return /[=!]$/.test(opening) ? { kind: 'look', item } : item;
}

function parseEscape(cursor: Cursor): Syntax {
  const start = cursor.at;
  const boundary = sticky(/\\[bB]/y, cursor);
  if (boundary !== undefined) {
    cursor.at += 2;
    return nothing;
  }
  const reference = sticky(/\\(?:[1-9][0-9]*|k<[^>]*>)/y, cursor);
  if (reference !== undefined) {
    cursor.at += reference[0].length;
    return { kind: 'backreference', span: [start, cursor.at] };
  }
  const [escape = ''] =
    sticky(
      isUnicode(cursor)
        ? /\\(?:[pPu]\{[^}]*\}|u....|x..|c.|.)/suy
        : /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|c[a-z]|.)/isy,
      cursor,
    ) ?? [];
  return characters(cursor, escape.length);
}

function classLength(cursor: Cursor): number {
  const nested = cursor.flags.includes('v');
  let depth = 0;
  let at = cursor.at;
  for (;;) {
    const character = cursor.source[at++];
    if (character === '\\') at++;
    else if (character === '[' && (nested || depth === 0)) depth++;
    else if (character === ']' && --depth === 0) return at - cursor.at;
  }
}

function sticky(pattern: RegExp, cursor: Cursor): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  return pattern.exec(cursor.source) ?? undefined;
}

// ASCII one by one; two letters stand for everything beyond, which a Host or Origin cannot hold anyway.
const probes: readonly string[] = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  'é',
  '中',
];

/** The engine itself says which characters an atom covers. */
function characters(cursor: Cursor, length: number): Syntax {
  const text = cursor.source.slice(cursor.at, cursor.at + length);
  cursor.at += length;
  const atom = new RegExp(`^(?:${text})$`, cursor.flags);
  let set = 0n;
  probes.forEach((probe, index) => {
    if (atom.test(probe)) set |= 1n << BigInt(index);
  });
  return { kind: 'characters', set };
}
