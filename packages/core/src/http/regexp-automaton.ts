import type { Repeat, Span, Syntax } from './regexp-syntax.ts';

/**
 * The position automaton of an expression: one state for each character class in it, no empty moves.
 *
 * Two ways from one state to the next are kept as two edges, because that is how `(a*)*` differs from `a*`.
 */
export interface Automaton {
  /** The characters that lead into each state. */
  readonly sets: readonly bigint[];
  /** The innermost repetitions that each state lies in, from outside to inside. */
  readonly loops: readonly (readonly Span[])[];
  /** Next states; a state is listed as often as there are ways to it. */
  readonly next: readonly (readonly number[])[];
}

interface Part {
  readonly nullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

interface Builder {
  readonly sets: bigint[];
  readonly loops: Span[][];
  readonly next: number[][];
  readonly open: Span[];
  readonly looks: Syntax[];
}

const empty: Part = { nullable: true, first: [], last: [] };

/** Above this many copies a counted repetition is treated as an endless one: for time the two are alike. */
const maxCopies = 128;

export function buildAutomata(syntax: Syntax): Automaton[] {
  const automata: Automaton[] = [];
  const pending = [syntax];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const builder: Builder = { sets: [], loops: [], next: [], open: [], looks: pending };
    build(item, builder);
    automata.push(builder);
  }
  return automata;
}

function build(syntax: Syntax, builder: Builder): Part {
  switch (syntax.kind) {
    case 'characters':
      return addState(syntax.set, builder);
    case 'sequence':
      return syntax.items.reduce((part, item) => join(part, build(item, builder), builder), empty);
    case 'choice':
      return either(syntax.items.map((item) => build(item, builder)));
    case 'look':
      builder.looks.push(syntax.item);
      return empty;
    case 'repeat':
      return repeat(syntax, builder);
    case 'nothing':
    case 'backreference':
      return empty;
  }
}

function addState(set: bigint, builder: Builder): Part {
  const state = builder.sets.push(set) - 1;
  builder.loops.push([...builder.open]);
  builder.next.push([]);
  return { nullable: false, first: [state], last: [state] };
}

function connect(from: readonly number[], to: readonly number[], builder: Builder): void {
  for (const state of from) builder.next[state]?.push(...to);
}

function join(left: Part, right: Part, builder: Builder): Part {
  connect(left.last, right.first, builder);
  return {
    nullable: left.nullable && right.nullable,
    first: left.nullable ? [...left.first, ...right.first] : left.first,
    last: right.nullable ? [...left.last, ...right.last] : right.last,
  };
}

function either(parts: readonly Part[]): Part {
  return {
    nullable: parts.some((part) => part.nullable),
    first: parts.flatMap((part) => part.first),
    last: parts.flatMap((part) => part.last),
  };
}

function repeat(syntax: Repeat, builder: Builder): Part {
  builder.open.push(syntax.span);
  const part = repeatParts(syntax, builder);
  builder.open.pop();
  return part;
}

function repeatParts({ item, min, max }: Repeat, builder: Builder): Part {
  if (max === 0) return empty;
  const before = builder.sets.length;
  const once = build(item, builder);
  const size = builder.sets.length - before;
  if (max === Infinity || size * max > maxCopies) return endless(once, min, builder);
  // `a{1,3}` is `a(a(a)?)?`: written as `aa?a?` it would be ambiguous, which the engine's counter is not.
  const copies = [once];
  while (copies.length < max) copies.push(build(item, builder));
  return copies.reduceRight((tail, copy, index) => {
    const joined = join(copy, tail, builder);
    return index >= min ? { ...joined, nullable: true } : joined;
  }, empty);
}

function endless(part: Part, min: number, builder: Builder): Part {
  connect(part.last, part.first, builder);
  return { ...part, nullable: part.nullable || min === 0 };
}

/** The strongly connected sets of states that can be entered again: the loops, each as a list of states. */
export function findLoops({ next }: Automaton): number[][] {
  const before: number[][] = next.map(() => []);
  next.forEach((targets, state) => {
    for (const target of new Set(targets)) before[target]?.push(state);
  });
  const taken = new Set<number>();
  const loops: number[][] = [];
  // Kosaraju: what reaches a state backwards, in the reverse order of leaving it forwards, is its component.
  for (const state of leavingOrder(next).reverse()) {
    const component = walk(before, state, taken);
    const again = component.length > 1 || next[state]?.includes(state) === true;
    if (component.length > 0 && again) loops.push(component);
  }
  return loops;
}

/** States in the order in which a depth-first walk leaves them. Without recursion: an alternation may be long. */
function leavingOrder(next: Automaton['next']): number[] {
  const entered = new Set<number>();
  const left = new Set<number>();
  const stack = [...next.keys()];
  for (let state = stack.at(-1); state !== undefined; state = stack.at(-1)) {
    if (entered.has(state)) {
      left.add(state);
      stack.pop();
    } else {
      entered.add(state);
      for (const target of next[state] ?? []) if (!entered.has(target)) stack.push(target);
    }
  }
  return [...left];
}

function walk(edges: Automaton['next'], start: number, taken: Set<number>): number[] {
  const found: number[] = [];
  const stack = [start];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (taken.has(state)) continue;
    taken.add(state);
    found.push(state);
    stack.push(...(edges[state] ?? []));
  }
  return found;
}
