/** Names on a session that are ours. Data under them could not be told from a method, so it is refused. */
export const reservedNames = [
  'id',
  'isNew',
  'rejected',
  'save',
  'reload',
  'touch',
  'regenerate',
  'destroy',
  'update',
  'login',
  'logout',
  'flash',
] as const;

const reserved: ReadonlySet<string> = new Set(reservedNames);

/** `__proto__` counts, because assigning it would change the object instead of its data. */
export function isReserved(name: string): boolean {
  return reserved.has(name) || name === '__proto__';
}
