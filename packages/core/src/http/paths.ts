import type { IncomingMessage } from 'node:http';
import { originalTarget, pathOf } from './target.ts';

/** What is wrong with an entry of a list of paths, or `undefined`. */
export function explainPath(text: string): string | undefined {
  if (!text.startsWith('/')) return "must start with '/'";
  if (/[?#*\s]/.test(text)) return 'must be a plain path: no query, fragment, wildcard or space';
  return isPlain(text)
    ? undefined
    : "must not contain '//', '.', '..', '\\' or an encoded slash or dot";
}

/**
 * Compiles a list of paths: `/health` covers itself and what is below it, `/hooks/` only what is below.
 *
 * Compared with the target as the client sent it, whatever the mount path, and never with a URL put together
 * from the Host header. A target that another reader may resolve elsewhere (`/health/../admin`) is not covered.
 */
export function compilePaths(list: readonly string[]): (req: IncomingMessage) => boolean {
  return (req) => {
    const path = pathOf(originalTarget(req));
    return list.some((entry) => covers(entry, path)) && isPlain(path);
  };
}

function covers(entry: string, path: string): boolean {
  if (!path.startsWith(entry)) return false;
  return path.length === entry.length || entry.endsWith('/') || path[entry.length] === '/';
}

function isPlain(path: string): boolean {
  // Servers with path parameters read `..;x` as `..`.
  return !/\/\/|\\|%2f|%5c|(?:^|\/)(?:\.|%2e){1,2}(?:[/;]|$)/i.test(path);
}
