import { buildAutomata, findLoops, type Loop, type State } from './regexp-automaton.ts';
import { parseRegExp, type Span, type Syntax } from './regexp-syntax.ts';

/**
 * Finds the part of an expression that can make matching take time out of proportion to the text.
 *
 * Reports what is exponential (`(a+)+`, `(a|a)*`) and what is cubic or worse (`.*.*.*x`); two overlapping
 * repetitions are quadratic, which a length limit makes harmless. `([a-z0-9-]+\.)*` is fine, and is not
 * reported: every iteration begins where only one can. A repetition of up to a few dozen times is judged like an
 * endless one, and so is a long row of optional parts (`a?a?a?...`). Backreferences cannot be judged and are
 * reported, and so is an expression too large to be judged. The check looks at ASCII text only. `undefined` means
 * that nothing was found.
 */
export function findBacktracking(expression: RegExp): string | undefined {
  const { source } = expression;
  if (source.length > maxExpressionLength) return `${source.slice(0, 80)}...`;
  const syntax = parseRegExp(expression);
  const span =
    findBackreference(syntax) ??
    findOptionalRow(syntax) ??
    firstOf(buildAutomata(syntax), (states) => {
      const loops = findLoops(states);
      return firstOf(loops, findExponential) ?? findCubic(loops);
    });
  return span === undefined ? undefined : source.slice(...span);
}

/** Longer expressions are reported unread: the judgement takes seconds, and nobody can review them. */
const maxExpressionLength = 2048;

/** Sixteen optional parts can be left out in 12 870 ways that read the same text, seventeen in twice as many. */
const maxOptional = 16;

/** Steps allowed for one search: a fraction of a second. */
const budget = 100_000;
const everything: Span = [0, Infinity];

function firstOf<T, R>(items: Iterable<T>, look: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findBackreference(syntax: Syntax): Span | undefined {
  if (syntax.kind === 'backreference') return syntax.span;
  return firstOf(innerOf(syntax), findBackreference);
}

/** The automaton sees no loop in a row of optional parts, and yet every selection of them is tried. */
function findOptionalRow(syntax: Syntax): Span | undefined {
  const row: Span[] = [];
  for (const item of innerOf(syntax)) {
    if (item.kind === 'repeat' && item.min === 0) row.push(item.span);
    else row.length = 0;
    const [first] = row;
    if (first !== undefined && row.length > maxOptional) return [first[0], Infinity];
  }
  return firstOf(innerOf(syntax), findOptionalRow);
}

function innerOf(syntax: Syntax): readonly Syntax[] {
  if ('items' in syntax) return syntax.items;
  return 'item' in syntax ? [syntax.item] : [];
}

/** Exponential: some state can be left and entered again over the same text in two ways. */
function findExponential(loop: Loop): Span | undefined {
  return firstOf(loop, (state) => findDoubledEdge(state, loop)) ?? findDivergence(loop);
}

function findDoubledEdge(state: State, loop: Loop): Span | undefined {
  const seen = new Set<State>();
  for (const target of state.next) {
    if (seen.has(target) && loop.has(target)) return commonRepeat([state, target]);
    seen.add(target);
  }
  return undefined;
}

type Pair = readonly [State, State];

/** Walks pairs of states that read the same text, starting together; dangerous when two that parted meet again. */
function findDivergence(loop: Loop): Span | undefined {
  const seen = new Set<string>();
  const queue = [...loop].map((state): Pair => [state, state]);
  let steps = 0;
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    for (const after of pairsAfter(pair, [loop, loop])) {
      if (++steps > budget) return everything;
      if (pair[0] !== pair[1] && after[0] === after[1]) return commonRepeat(pair);
      const key = `${after[0].id} ${after[1].id}`;
      if (after[0] !== after[1] && !seen.has(key)) queue.push(after);
      seen.add(key);
    }
  }
  return undefined;
}

/** Steps that both states can take over one character, each within its loop. */
function* pairsAfter([a, b]: Pair, [loopA, loopB]: readonly [Loop, Loop]): Generator<Pair> {
  for (const nextA of a.next) {
    if (!loopA.has(nextA)) continue;
    for (const nextB of b.next) {
      if (loopB.has(nextB) && (nextA.set & nextB.set) !== 0n) yield [nextA, nextB];
    }
  }
}

/** The outermost repetition that holds both states: the inner one may be innocent by itself. */
function commonRepeat([a, b]: Pair): Span | undefined {
  return a.repeats.find((span) => b.repeats.includes(span));
}

interface Work {
  left: number;
}

/** Cubic: three loops in a row that can read the same text, so that there are n * n ways to share it out. */
function findCubic(loops: readonly Loop[]): Span | undefined {
  if (loops.length < 3) return undefined;
  const work: Work = { left: budget };
  const sharing = loops.flatMap((from) =>
    loops
      .filter((to) => from !== to && canShare([from, to], work))
      .map((to): [Loop, Loop] => [from, to]),
  );
  return firstOf(sharing, ([first, second]) =>
    firstOf(sharing, ([middle, third]) => (middle === second ? across(first, third) : undefined)),
  );
}

/** Whether some text leads from the first loop back into it, from it into the second, and round the second. */
function canShare([from, to]: readonly [Loop, Loop], work: Work): boolean {
  for (const p of from) {
    for (const q of to) if (reachesAcross([p, q], [from, to], work)) return true;
  }
  return false;
}

function reachesAcross([p, q]: Pair, loops: readonly [Loop, Loop], work: Work): boolean {
  const seen = new Set<string>();
  const queue: (readonly [State, State, State])[] = [[p, p, q]];
  for (let triple = queue.pop(); triple !== undefined; triple = queue.pop()) {
    const [x, y, z] = triple;
    for (const [nextX, nextZ] of pairsAfter([x, z], loops)) {
      const common = nextX.set & nextZ.set;
      for (const nextY of y.next) {
        // Too large to judge counts as dangerous.
        if (--work.left < 0) return true;
        if ((nextY.set & common) === 0n) continue;
        if (nextX === p && nextY === q && nextZ === q) return true;
        const key = `${nextX.id} ${nextY.id} ${nextZ.id}`;
        if (!seen.has(key)) queue.push([nextX, nextY, nextZ]);
        seen.add(key);
      }
    }
  }
  return false;
}

function across(first: Loop, last: Loop): Span {
  const spans = [...first, ...last].flatMap((state) => state.repeats);
  return [Math.min(...spans.map(([start]) => start)), Math.max(...spans.map(([, end]) => end))];
}
