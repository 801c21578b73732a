import { type Parse, Spec } from './spec.ts';

/** Inclusive limits. */
export interface Range {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** How a kind of number is called and read. */
export interface NumberKind {
  /** `'an integer'`: the phrase for any of them. */
  readonly name: string;
  /** `'seconds'`: the unit of the limits. */
  readonly unit?: string | undefined;
  readonly integer: boolean;
  /** Reads the text form, where there is one. */
  readonly parseText?: ((text: string) => number | undefined) | undefined;
}

const REMOVE_QUOTES = 'remove the quotes';

export function numberSpec<In>(kind: NumberKind, range: Range): Spec<number, In> {
  return Spec.leaf({ expected: phrase(kind, range), text: 'number' }, parser(kind, range));
}

function parser(kind: NumberKind, { min = -Infinity, max = Infinity }: Range): Parse<number> {
  return (value, fail) => {
    const number = typeof value === 'string' ? kind.parseText?.(value) : value;
    if (number === undefined) return fail({ hint: isNumeric(value) ? REMOVE_QUOTES : undefined });
    if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
    if (kind.integer && !Number.isSafeInteger(number)) return undefined;
    return number < min || number > max ? fail({ code: 'OUT_OF_RANGE' }) : number;
  };
}

function isNumeric(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
}

function phrase({ name, unit = '' }: NumberKind, { min, max }: Range): string {
  if (min !== undefined && max !== undefined) {
    return `${name} from ${String(min)} to ${amount(max, unit)}`;
  }
  if (min !== undefined) return `${name}, ${amount(min, unit)} or more`;
  return max === undefined ? name : `${name}, at most ${amount(max, unit)}`;
}

/** `500 bytes`, `1 second`, and `500` without a unit. */
function amount(count: number, unit: string): string {
  return `${String(count)} ${count === 1 ? unit.replace(/s$/, '') : unit}`.trimEnd();
}
