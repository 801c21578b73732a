/**
 * Every header by which a response speaks to CORS, in lower case because those are the cheapest to set in Node.
 * A policy's answer is a list of values in this order; `undefined` stands for "must not be there".
 */
export const accessControlNames = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'access-control-allow-private-network',
] as const;

/** Values in the order of {@link accessControlNames}. */
export type AccessControl = readonly (string | undefined)[];

export const nothingGranted: AccessControl = accessControlNames.map(() => undefined);

/** Alternating names and values, the form that `writeHead` takes without a detour. */
export function toFlatList(values: AccessControl): string[] {
  return accessControlNames.flatMap((name, index) => {
    const value = values[index];
    return value === undefined ? [] : [name, value];
  });
}

/** The values that a flat list holds. */
export function fromFlatList(list: readonly string[]): AccessControl {
  return accessControlNames.map((name) => {
    const at = list.indexOf(name);
    return at < 0 ? undefined : list[at + 1];
  });
}
