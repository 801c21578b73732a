import type { LoadedSession, SessionFields, StoredSession, StorePatch } from '@portcullis/session';

/** Marks the keys of the session, so that none is taken for a field of our own. */
const mark = '=';

/** Fields and values as HSET takes them. */
export function toFields(session: StoredSession, version: number): string[] {
  const fields = [
    'v',
    String(version),
    'e',
    String(session.expires),
    ...markFields(session.fields),
  ];
  if (session.userId !== undefined) fields.push('u', session.userId);
  return fields;
}

/** What a patch sets, as HSET takes it, and what it deletes, as HDEL takes it. */
export function updateFields(patch: StorePatch): {
  readonly set: readonly string[];
  readonly deleted: readonly string[];
} {
  const set = markFields(patch.set);
  const deleted = patch.deleted.map((key) => mark + key);
  if (patch.expires !== undefined) set.push('e', String(patch.expires));
  if (patch.userId === null) deleted.push('u');
  else if (patch.userId !== undefined) set.push('u', patch.userId);
  return { set, deleted };
}

/** Answers a session with a patch applied. */
export function patched(session: StoredSession, patch: StorePatch): StoredSession {
  // Without a prototype, because `__proto__` is a key that a session may hold.
  const fields: Record<string, string> = Object.assign(
    Object.create(null),
    session.fields,
    patch.set,
  );
  for (const key of patch.deleted) delete fields[key];
  return {
    fields,
    expires: patch.expires ?? session.expires,
    userId: patch.userId === undefined ? session.userId : (patch.userId ?? undefined),
  };
}

function markFields(fields: SessionFields): string[] {
  return Object.entries(fields).flatMap(([key, text]) => [mark + key, text]);
}

/** Makes a session of what HGETALL answered. */
export function parseFields(id: string, reply: readonly string[]): LoadedSession {
  const fields: Record<string, string> = Object.create(null);
  const own = new Map<string, string>();
  for (let index = 0; index + 1 < reply.length; index += 2) {
    const [name, text] = [reply[index] as string, reply[index + 1] as string]; // both exist, as just compared
    if (name.startsWith(mark)) fields[name.slice(mark.length)] = text;
    else own.set(name, text);
  }
  return {
    id,
    fields,
    expires: Number(own.get('e')),
    version: Number(own.get('v')),
    userId: own.get('u'),
  };
}
