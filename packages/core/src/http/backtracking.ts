import { buildAutomata, findLoops, type Automaton } from './regexp-automaton.ts';
import { parseRegExp, type Span, type Syntax } from './regexp-syntax.ts';

/**
 * Finds the part of an expression that can make matching take time out of proportion to the text.
 *
 * Reports what is exponential (`(a+)+`, `(a|a)*`) and what is cubic or worse (`.*.*.*x`); two overlapping
 * repetitions are quadratic, which a length limit makes harmless. `([a-z0-9-]+\.)*` is fine, and is not
 * reported: every iteration begins where only one can. Backreferences cannot be judged and are reported.
 * The check looks at ASCII text only. `undefined` means that nothing was found.
 */
export function findBacktracking(expression: RegExp): string | undefined {
  const syntax = parseRegExp(expression);
  const span =
    findBackreference(syntax) ??
    firstOf(
      buildAutomata(syntax),
      (automaton) => findExponential(automaton) ?? findCubic(automaton),
    );
  return span === undefined ? undefined : expression.source.slice(span[0], span[1]);
}

/** Work allowed for one expression; beyond it the expression is reported whole, as too large to judge. */
const budget = 300_000;
const tooLarge: Span = [0, Infinity];

function firstOf<T, R>(items: readonly T[], look: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findBackreference(syntax: Syntax): Span | undefined {
  if (syntax.kind === 'backreference') return syntax.span;
  if (syntax.kind === 'sequence' || syntax.kind === 'choice') {
    return firstOf(syntax.items, findBackreference);
  }
  return 'item' in syntax ? findBackreference(syntax.item) : undefined;
}

/** Exponential: some state can be left and entered again over the same text in two ways. */
function findExponential(automaton: Automaton): Span | undefined {
  const components = findLoops(automaton);
  return firstOf(components, (states) => {
    const inside = new Set(states);
    const doubled = firstOf(states, (state) => doubledEdge(automaton, state, inside));
    return doubled ?? findDivergence(automaton, states, inside);
  });
}

function doubledEdge(
  automaton: Automaton,
  state: number,
  inside: ReadonlySet<number>,
): Span | undefined {
  const targets = (automaton.next[state] ?? []).filter((target) => inside.has(target));
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  return twice === undefined ? undefined : commonLoop(automaton, state, twice);
}

type Pair = readonly [number, number];

/** Walks pairs of states that read the same text, starting together; dangerous when two that parted can meet again. */
function findDivergence(
  automaton: Automaton,
  states: readonly number[],
  inside: ReadonlySet<number>,
): Span | undefined {
  const width = automaton.sets.length;
  const sources = new Map<number, number[]>();
  const queue: Pair[] = states.map((state) => [state, state]);
  const seen = new Set(queue.map(([a, b]) => a * width + b));
  let steps = 0;
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    for (const [a, b] of pairsOf(automaton, pair, inside, inside)) {
      if (!overlap(automaton, a, b)) continue;
      if (++steps > budget) return tooLarge;
      const key = a * width + b;
      const from = sources.get(key);
      if (from === undefined) sources.set(key, [pair[0] * width + pair[1]]);
      else from.push(pair[0] * width + pair[1]);
      if (!seen.has(key)) queue.push([a, b]);
      seen.add(key);
    }
  }
  return findMeeting(automaton, states, sources);
}

/** From the pairs of equal states backwards: a pair of different states on the way has met again. */
function findMeeting(
  automaton: Automaton,
  states: readonly number[],
  sources: ReadonlyMap<number, readonly number[]>,
): Span | undefined {
  const width = automaton.sets.length;
  for (const state of states) {
    for (const key of sources.get(state * width + state) ?? []) {
      const [a, b] = [Math.floor(key / width), key % width];
      if (a !== b) return commonLoop(automaton, a, b);
    }
  }
  return undefined;
}

function overlap({ sets }: Automaton, a: number, b: number, c: number = a): boolean {
  return ((sets[a] ?? 0n) & (sets[b] ?? 0n) & (sets[c] ?? 0n)) !== 0n;
}

/** The outermost repetition that holds both states: the inner one may be innocent by itself. */
function commonLoop(automaton: Automaton, a: number, b: number): Span | undefined {
  const others = new Set(automaton.loops[b]);
  return automaton.loops[a]?.find((span) => others.has(span));
}

/** Cubic: three loops in a row that can read the same text, so that there are n² ways to share it out. */
function findCubic(automaton: Automaton): Span | undefined {
  const loops = findLoops(automaton);
  const shares = loops.map((from) =>
    loops.map((to) => from !== to && canShare(automaton, from, to)),
  );
  for (let first = 0; first < loops.length; first++) {
    for (let second = 0; second < loops.length; second++) {
      if (shares[first]?.[second] !== true) continue;
      const third = loops.find((_, index) => shares[second]?.[index]);
      if (third !== undefined) return across(automaton, loops[first] ?? third, third);
    }
  }
  return undefined;
}

/** Whether some text leads from the first loop back into it, from it into the second, and round the second. */
function canShare(automaton: Automaton, from: readonly number[], to: readonly number[]): boolean {
  const left = new Set(from);
  const right = new Set(to);
  const work = { left: budget };
  return from.some((p) => to.some((q) => reachesTriple(automaton, [p, q], [left, right], work)));
}

function reachesTriple(
  automaton: Automaton,
  [p, q]: Pair,
  [left, right]: readonly [ReadonlySet<number>, ReadonlySet<number>],
  work: { left: number },
): boolean {
  const width = automaton.sets.length;
  const seen = new Set<number>();
  const queue: (readonly [number, number, number])[] = [[p, p, q]];
  for (let triple = queue.pop(); triple !== undefined; triple = queue.pop()) {
    const [x, y, z] = triple;
    for (const [nextX, nextZ] of pairsOf(automaton, [x, z], left, right)) {
      for (const nextY of automaton.next[y] ?? []) {
        // Out of work: too large to judge counts as dangerous.
        if (--work.left < 0) return true;
        if (!overlap(automaton, nextX, nextY, nextZ)) continue;
        if (nextX === p && nextY === q && nextZ === q) return true;
        const key = (nextX * width + nextY) * width + nextZ;
        if (!seen.has(key)) queue.push([nextX, nextY, nextZ]);
        seen.add(key);
      }
    }
  }
  return false;
}

function* pairsOf(
  automaton: Automaton,
  [x, z]: Pair,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
): Generator<Pair> {
  for (const nextX of automaton.next[x] ?? []) {
    if (!left.has(nextX)) continue;
    for (const nextZ of automaton.next[z] ?? []) {
      if (right.has(nextZ)) yield [nextX, nextZ];
    }
  }
}

function across(automaton: Automaton, first: readonly number[], last: readonly number[]): Span {
  const [start] = automaton.loops[first[0] ?? 0]?.[0] ?? tooLarge;
  const [, end] = automaton.loops[last[0] ?? 0]?.[0] ?? tooLarge;
  return [start, end];
}
