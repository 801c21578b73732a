import { describeGot } from './got.ts';
import type { Fault } from './issue.ts';
import type { Stray } from './read.ts';

/** A fault beside the value it is about; turned into words when it is known whether to hide it. */
export interface Finding {
  readonly fault: Fault;
  readonly value?: unknown;
  /** Said by a spec that knows its value for a secret. */
  readonly discreet?: boolean | undefined;
}

export interface FoundFault {
  readonly segments: readonly PropertyKey[];
  readonly fault: Fault;
  /** It is about the name, not about the value. */
  readonly stray: boolean;
}

/** What is read of an issue of the engine. */
interface EngineIssue {
  readonly input: unknown;
  readonly message: string;
  readonly path?: readonly { readonly key: unknown }[] | undefined;
  readonly issues?: readonly EngineIssue[] | undefined;
}

/** What decides whether a value may be quoted. */
type SensitiveFields = Readonly<Record<string, SensitiveField>>;

interface SensitiveField {
  readonly sensitive: boolean;
  readonly fields: SensitiveFields | undefined;
}

export type Found = Finding & { readonly segments: readonly PropertyKey[] };

export function findings(issue: EngineIssue): readonly Found[] {
  const segments = issue.path?.map(({ key }) => key as PropertyKey) ?? [];
  if (issue.issues === undefined) {
    // All that a spec is made of, except a union, reports a Finding in the place of its input.
    return [{ ...(issue.input as Finding), segments }];
  }
  const inner = issue.issues.flatMap((each) => findings(each));
  return chooseFromUnion(inner, issue).map((found) => ({
    ...found,
    segments: [...segments, ...found.segments],
  }));
}

/** When the value was of the right kind for one of the alternatives, what that one says is the news. */
function chooseFromUnion(inner: readonly Found[], issue: EngineIssue): readonly Found[] {
  const near = inner.filter(({ segments, fault }) => segments.length > 0 || isSpecific(fault));
  if (near.length === 0) {
    const hint = inner.find(({ fault }) => fault.hint !== undefined)?.fault.hint;
    return [{ segments: [], value: issue.input, fault: { expected: issue.message, hint } }];
  }
  const first = new Map<string, Found>();
  for (const found of near) {
    const place = found.segments.join('\n');
    if (!first.has(place)) first.set(place, found);
  }
  return [...first.values()];
}

function isSpecific({ code }: Fault): boolean {
  return code !== undefined && code !== 'WRONG_TYPE';
}

export function toFault(found: Found, fields: SensitiveFields): FoundFault {
  const { fault, value, segments, discreet } = found;
  if (isStray(fault)) {
    const { key, ...rest } = fault;
    return { fault: rest, segments: [...segments.slice(0, -1), key], stray: true };
  }
  if (fault.message !== undefined) return { fault, segments, stray: false };
  const hidden = isHidden(fields, segments);
  const said = hidden && !discreet ? undefined : fault.got;
  const got = said ?? describeGot(value, hidden);
  return { fault: { ...fault, got }, segments, stray: false };
}

function isStray(fault: Fault): fault is Stray {
  return 'key' in fault;
}

/** Everything below a sensitive option is hidden, except the other fields of an object. */
function isHidden(fields: SensitiveFields, [name, ...inner]: readonly PropertyKey[]): boolean {
  return Object.entries(fields).some(([key, spec]) => {
    if (key !== name) return false;
    return inner.length > 0 && spec.fields !== undefined
      ? isHidden(spec.fields, inner)
      : spec.sensitive;
  });
}
