import { joinChunks } from './cookie/chunks.ts';
import { scanCookies } from './cookie/scan.ts';
import { publishRejected } from './events.ts';
import type { MigrationCodec } from './migrate/codec.ts';
import type { RequestSession } from './request-session.ts';
import type { Found } from './state.ts';
import type { Loaded } from './strategy.ts';
import { whenReady } from './thenable.ts';

/** Finds the session of a request: by our cookie, else by those of the libraries that the application comes from. */
export function findSession(session: RequestSession): Found | Promise<Found> {
  const { policy, req } = session;
  const came = scanCookies(req.headers.cookie, policy.cookieName);
  session.cookies = came;
  const { values, chunks } = came;
  const cookies =
    chunks.length === 0 ? came : { values: [...values, ...joinChunks(chunks)], chunks };
  return whenReady(policy.strategy.read(session, cookies), (loaded) => settle(session, loaded));
}

function settle(session: RequestSession, loaded: Loaded): Found | Promise<Found> {
  const missing = loaded.kind === 'none' || loaded.kind === 'rejected';
  if (missing && session.policy.codecs.length > 0) return migrate(session, loaded);
  return report(session, loaded);
}

function report(session: RequestSession, found: Found): Found {
  if (found.kind === 'rejected') {
    publishRejected({ cookieName: session.policy.cookieName, reason: found.reason });
  }
  return found;
}

function migrate(session: RequestSession, otherwise: Found): Found | Promise<Found> {
  const { policy, req } = session;
  const now = policy.now();
  for (const codec of policy.codecs) {
    if (now >= codec.until) continue;
    const migrated = codec.read((name) => scanCookies(req.headers.cookie, name).values, now);
    if (migrated === undefined) continue;
    if ('data' in migrated) return { kind: 'migrated', data: migrated.data };
    if (policy.strategy.readId === undefined) continue;
    return whenReady(policy.strategy.readId(session, migrated.id), (loaded) =>
      loaded.kind === 'session' ? { ...loaded, foreignId: true } : report(session, loaded),
    );
  }
  return report(session, otherwise);
}

/** The cookies of other libraries that came and are not replaced by ours, so must be removed once ours is set. */
export function leftovers(
  session: RequestSession,
): readonly { readonly codec: MigrationCodec; readonly name: string }[] {
  const { policy, req } = session;
  return policy.codecs.flatMap((codec) =>
    codec.cookieNames
      .filter((name) => name !== policy.cookieName)
      .filter((name) => scanCookies(req.headers.cookie, name).values.length > 0)
      .map((name) => ({ codec, name })),
  );
}
