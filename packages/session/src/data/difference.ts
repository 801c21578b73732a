import type { SessionPatch } from '../strategy.ts';

/** Compares two JSON texts of data key by key, at the top level. Values are compared as text. */
export function difference(before: string | undefined, after: string): SessionPatch {
  const old = before === undefined ? new Map<string, string>() : topLevel(before);
  const set = new Map<string, string>();
  for (const [key, text] of topLevel(after)) {
    if (old.get(key) !== text) set.set(key, text);
    old.delete(key);
  }
  return { set, removed: [...old.keys()] };
}

function topLevel(text: string): Map<string, string> {
  const data = JSON.parse(text) as Record<string, unknown>; // our own text, always an object
  return new Map(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)]));
}
