/**
 * Every header by which a response speaks to CORS, in lower case because those are the cheapest to set in Node.
 * The first three mean something on any response, the others only on one to OPTIONS.
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

/**
 * Values in the order of {@link accessControlNames}, for all of them or for the first three; `undefined` stands for
 * "must not be there". Reading four more headers of every response would be a tenth of the whole cost of cors.
 */
export type AccessControl = readonly (string | undefined)[];

const onlyForOptions: AccessControl = [undefined, undefined, undefined, undefined];

/** For a response to anything but OPTIONS. */
export const nothingGranted: AccessControl = [undefined, undefined, undefined];

/** Extends the values for an actual response to a response to OPTIONS that is no preflight. */
export function forOptions(values: AccessControl): AccessControl {
  return [...values, ...onlyForOptions];
}

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
