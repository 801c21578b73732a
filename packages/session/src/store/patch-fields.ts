import type { SessionFields, StorePatch } from './store.ts';

/** Answers the fields with a patch applied; a key that the patch does not name stays. */
export function patchFields(
  fields: SessionFields,
  patch: Pick<StorePatch, 'set' | 'deleted'>,
): SessionFields {
  // Spread and not assigned, because `__proto__` is a key that a session may hold.
  const patched: Record<string, string> = { ...fields, ...patch.set };
  for (const key of patch.deleted) delete patched[key];
  return patched;
}
