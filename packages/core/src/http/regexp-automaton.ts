import type { Repeat, Span, Syntax } from './regexp-syntax.ts';

/**
 * A state of the position automaton of an expression: one for each character class in it, no empty moves.
 *
 * Two ways from one state to the next are kept as two edges, because that is how `(a*)*` differs from `a*`.
 */
export interface State {
  readonly id: number;
  /** The characters that lead into the state. */
  readonly set: bigint;
  /** The repetitions that it lies in, from outside to inside. */
  readonly repeats: readonly Span[];
  readonly next: State[];
}

/** States that can reach each other: a loop of the expression. */
export type Loop = ReadonlySet<State>;

interface Part {
  readonly nullable: boolean;
  readonly first: readonly State[];
  readonly last: readonly State[];
}

interface Builder {
  readonly states: State[];
  readonly open: Span[];
  readonly looks: Syntax[];
}

const empty: Part = { nullable: true, first: [], last: [] };

/**
 * Above this many states a counted repetition is treated as an endless one: for time the two are alike.
 * `(?:[a-z]?){16}` tries 12 870 ways, `(?:[a-z]?){32}` half a milliard.
 */
const maxCopies = 16;

/** The automaton of the expression, and one for each look-around in it. */
export function buildAutomata(syntax: Syntax): State[][] {
  const automata: State[][] = [];
  const pending = [syntax];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const builder: Builder = { states: [], open: [], looks: pending };
    build(item, builder);
    automata.push(builder.states);
  }
  return automata;
}

function build(syntax: Syntax, builder: Builder): Part {
  switch (syntax.kind) {
    case 'characters':
      return addState(syntax.set, builder);
    case 'sequence':
      return syntax.items.reduce((part, item) => join(part, build(item, builder)), empty);
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

function addState(set: bigint, { states, open }: Builder): Part {
  const state: State = { id: states.length, set, repeats: [...open], next: [] };
  states.push(state);
  return { nullable: false, first: [state], last: [state] };
}

function connect(from: readonly State[], to: readonly State[]): void {
  for (const state of from) state.next.push(...to);
}

function join(left: Part, right: Part): Part {
  connect(left.last, right.first);
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
  const before = builder.states.length;
  const once = build(item, builder);
  const size = builder.states.length - before;
  if (max === Infinity || size * max > maxCopies) {
    connect(once.last, once.first);
    // An engine skips empty iterations, but not the ones that the minimum demands: `(a?){40}` is forty optional parts.
    if (once.nullable && min > maxCopies) connect(once.last, once.first);
    return { ...once, nullable: once.nullable || min === 0 };
  }
  // `a{1,3}` is `a(a(a)?)?`: written as `aa?a?` it would be ambiguous, which the engine's counter is not.
  const copies = [once];
  while (copies.length < max) copies.push(build(item, builder));
  return copies.reduceRight((tail, copy, index) => {
    const joined = join(copy, tail);
    return index >= min ? { ...joined, nullable: true } : joined;
  }, empty);
}

/** The strongly connected sets of states that can be entered again. */
export function findLoops(states: readonly State[]): Loop[] {
  const before = new Map(states.map((state): [State, State[]] => [state, []]));
  for (const state of states) {
    for (const target of new Set(state.next)) before.get(target)?.push(state);
  }
  const taken = new Set<State>();
  const loops: Loop[] = [];
  // Kosaraju: what reaches a state backwards, in the reverse order of leaving it forwards, is its component.
  for (const state of leavingOrder(states).reverse()) {
    const component = walk(before, state, taken);
    if (component.size > 1 || (component.has(state) && state.next.includes(state))) {
      loops.push(component);
    }
  }
  return loops;
}

/** States in the order in which a depth-first walk leaves them. Without recursion: an alternation may be long. */
function leavingOrder(states: readonly State[]): State[] {
  const entered = new Set<State>();
  const left = new Set<State>();
  const stack = [...states];
  for (let state = stack.at(-1); state !== undefined; state = stack.at(-1)) {
    if (entered.has(state)) {
      left.add(state);
      stack.pop();
    } else {
      entered.add(state);
      stack.push(...state.next.filter((target) => !entered.has(target)));
    }
  }
  return [...left];
}

function walk(
  edges: ReadonlyMap<State, readonly State[]>,
  start: State,
  taken: Set<State>,
): Set<State> {
  const found = new Set<State>();
  const stack = [start];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (taken.has(state)) continue;
    taken.add(state);
    found.add(state);
    edges.get(state)?.forEach((target) => stack.push(target));
  }
  return found;
}
