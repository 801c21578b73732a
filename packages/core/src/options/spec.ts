import * as v from 'valibot';
import { type Finding, findings, type FoundFault, toFault } from './finding.ts';
import type { Fault } from './issue.ts';
import { readOptions } from './read.ts';

type Schema = v.GenericSchema<unknown, unknown>;

/** How text (of an environment variable) becomes a value for this option; `code`: it cannot. */
export type TextForm = 'text' | 'boolean' | 'number' | 'list' | 'secret' | 'code';

/** What a spec says of itself, apart from how it checks. */
export interface Shape {
  /** What a valid value is, as a phrase that follows "expected". */
  readonly expected: string;
  readonly text?: TextForm | undefined;
  /** The value is never quoted. */
  readonly sensitive?: boolean | undefined;
  /** The names inside, when it is an object. */
  readonly fields?: Fields | undefined;
}

export type Fields = Readonly<Record<string, Spec>>;

/** Reports a fault of the value at hand; returns undefined so that a check can `return fail(…)`. */
export type Fail = (fault: Fault) => undefined;

/** Checks one value: what it becomes, or undefined when it cannot be used. */
export type Parse<Out> = (value: unknown, fail: Fail) => Out | undefined;

/** Every field checked: what became of those without a fault, and the faults of the others. */
export interface Checked {
  readonly values: object;
  readonly faults: readonly FoundFault[];
}

/**
 * How one option is checked. Made with `o`; opaque.
 *
 * valibot runs the checks and stays inside this file, because its types and its stock messages
 * (which print the value) must not reach users.
 */
export class Spec<out Out = unknown, out In = unknown> {
  readonly #schema: Schema;
  readonly expected: string;
  readonly text: TextForm;
  readonly sensitive: boolean;
  readonly fields: Fields | undefined;
  /** Carries the two types; never set. */
  declare readonly '~types'?: { readonly input: In; readonly output: Out } | undefined;

  private constructor(schema: Schema, shape: Shape) {
    this.#schema = schema;
    this.expected = shape.expected;
    this.text = shape.text ?? 'text';
    this.sensitive = shape.sensitive ?? false;
    this.fields = shape.fields;
  }

  /** A spec around one function. Undefined without a reported fault means "not what was expected". */
  static leaf<Out, In>(shape: Shape, parse: Parse<Out>): Spec<Out, In> {
    return new Spec(leafSchema(shape, parse), shape);
  }

  static list<Out, In>(
    item: Spec<Out>,
    rule: { readonly shape: Shape; readonly single: boolean; readonly parse: Parse<unknown[]> },
  ): Spec<readonly Out[], In> {
    const whole = v.pipe(
      leafSchema(rule.shape, rule.parse),
      v.array(item.#schema),
      v.transform((list) => Object.freeze(list)),
    );
    if (!rule.single) return new Spec(whole, rule.shape);
    const lone = v.pipe(
      item.#schema,
      v.transform((value) => Object.freeze([value])),
    );
    return new Spec(
      v.lazy((value) => (Array.isArray(value) ? whole : lone)),
      rule.shape,
    );
  }

  static object<Out, In>(fields: Fields, shape: Shape, parse: Parse<object>): Spec<Out, In> {
    const schema = v.pipe(
      leafSchema(shape, parse),
      v.transform((given): unknown => readOptions(given, { names: Object.keys(fields) }).values),
      Spec.#entries(fields),
      v.transform((value) => Object.freeze(value)),
    );
    return new Spec(schema, { ...shape, fields });
  }

  /** What the checked value becomes. */
  static mapped<From, Out, In>(spec: Spec<From, In>, become: (value: From) => Out): Spec<Out, In> {
    const schema = v.pipe(
      spec.#schema,
      v.transform((value) => become(value as From)),
    );
    return new Spec(schema, spec);
  }

  static union<Out, In>(specs: readonly Spec[], shape: Shape): Spec<Out, In> {
    const absent = missingSchema(shape);
    const some = v.union(
      specs.map((spec) => spec.#schema),
      shape.expected,
    );
    return new Spec(
      v.lazy((value) => (value === undefined ? absent : some)),
      shape,
    );
  }

  /** Takes `fallback()` when nothing is given. */
  static defaulted<Out, In>(spec: Spec, fallback: () => unknown): Spec<Out, In> {
    const absent = v.pipe(v.unknown(), v.transform(fallback));
    return new Spec(
      v.lazy((value) => (value === undefined ? absent : spec.#schema)),
      spec,
    );
  }

  /** Checks every field of what `readOptions` read. */
  static checkAll(fields: Fields, values: Readonly<Record<string, unknown>>): Checked {
    const result = v.safeParse(Spec.#entries(fields), values);
    const found = (result.issues ?? []).flatMap((issue) => findings(issue));
    return {
      // Every field is run, so that the output is an object also when some of them failed.
      values: result.output as object,
      faults: found.map((finding) => toFault(finding, fields)),
    };
  }

  static #entries(fields: Fields): v.GenericSchema<unknown, object> {
    const schemas = Object.entries(fields).map(([name, spec]) => [name, spec.#schema] as const);
    // Without a prototype: valibot walks these with `for in`.
    const entries = Object.assign(Object.create(null) as object, Object.fromEntries(schemas));
    return v.objectWithRest(entries, strayKey);
  }

  /** Whether a value alone would be accepted. */
  accepts(value: unknown): boolean {
    return v.is(this.#schema, value);
  }
}

/** Names that are no options come out of `readOptions` as faults; they only have to be reported. */
const strayKey = v.pipe(
  v.unknown(),
  v.rawTransform<unknown, never>(({ dataset, addIssue, NEVER }) => {
    addIssue({ input: { fault: dataset.value } });
    return NEVER;
  }),
);

function leafSchema<Out>(shape: Shape, parse: Parse<Out>): v.GenericSchema<unknown, Out> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, Out>(({ dataset, addIssue, NEVER }) => {
      const { value } = dataset;
      let failed = false;
      const fail: Fail = (fault) => {
        failed = true;
        const finding: Finding = {
          fault: { ...fault, expected: fault.expected ?? shape.expected },
          value,
          discreet: shape.sensitive,
        };
        addIssue({ input: finding });
        return undefined;
      };
      const parsed = value === undefined ? fail(missing(shape)) : parse(value, fail);
      if (parsed === undefined && !failed) fail({});
      return parsed ?? NEVER;
    }),
  );
}

function missingSchema(shape: Shape): Schema {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, never>(({ addIssue, NEVER }) => {
      addIssue({ input: { fault: missing(shape) } satisfies Finding });
      return NEVER;
    }),
  );
}

function missing({ expected }: Shape): Fault {
  return { code: 'MISSING', expected, message: `is required: expected ${expected}` };
}
