import type { Host } from '@portcullis/core/http';
import { formatHost } from '@portcullis/core/http';
import type { HostPredicate } from './options.ts';

/** Tenants come and go: a `true` is believed this long. */
const keptMilliseconds = 60_000;
const maxKept = 256;
/** A predicate that never answers must not hold requests for ever. */
const timeoutMilliseconds = 10_000;

type Verdict = boolean | Promise<boolean>;

/** Asks predicates in order until one says `true`. Remembers that for a while; a `false` is asked again. */
export function createPredicateCheck(
  predicates: readonly HostPredicate[],
): (host: Host) => Verdict {
  // Clients choose the keys: their number is limited, and a refused host leaves nothing behind.
  const allowedUntil = new Map<string, number>();
  const pending = new Map<string, Promise<boolean>>();

  function keep(key: string): void {
    if (allowedUntil.size >= maxKept) allowedUntil.clear();
    allowedUntil.set(key, performance.now() + keptMilliseconds);
  }

  return (host) => {
    const key = formatHost(host);
    if ((allowedUntil.get(key) ?? 0) > performance.now()) return true;
    const asked = pending.get(key);
    if (asked !== undefined) return asked;
    const verdict = ask(predicates, host);
    if (typeof verdict === 'boolean') {
      if (verdict) keep(key);
      return verdict;
    }
    const settled = withTimeout(verdict)
      .then((allowed) => {
        if (allowed) keep(key);
        return allowed;
      })
      .finally(() => pending.delete(key));
    // A host asked about a thousand times at once costs one query.
    pending.set(key, settled);
    return settled;
  };
}

function ask(predicates: readonly HostPredicate[], host: Host): Verdict {
  for (const [index, predicate] of predicates.entries()) {
    const answer: unknown = predicate(host);
    if (answer === true) return true;
    if (isThenable(answer)) {
      const later = predicates.slice(index + 1);
      return Promise.resolve(answer).then((allowed) => allowed === true || ask(later, host));
    }
  }
  return false;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

function withTimeout(verdict: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMilliseconds / 1000} seconds`));
    }, timeoutMilliseconds).unref();
    verdict.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
