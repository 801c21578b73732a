import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const root = join(__dirname, '..', '..');
let folder = '';

// Inside the workspace, so that the packages and their peers' types are found; `npm run test:system` has built them.
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'test', '.types-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Compiles a strict project of one file, declaration files included, and answers what the compiler says. */
async function compile(types: readonly string[], source: string): Promise<string> {
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    types,
  };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*.mts'] }),
  );
  await writeFile(join(folder, 'app.mts'), source);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', folder], (_, stdout) => resolve(stdout));
  });
}

const main = `
import type { IncomingMessage } from 'node:http';
import { loadSession, session, sessionOf } from '@portcullis/session';
export const middleware = session({ secretKey: 'x' });
export const views = (req: IncomingMessage): number | undefined => sessionOf<{ views: number }>(req).views;
export const later = async (req: IncomingMessage): Promise<number | undefined> => (await loadSession<{ views: number }>(req)).views;
export const any = (req: IncomingMessage): unknown => sessionOf(req)['anything'];
`;

describe('the types of @portcullis/session', () => {
  test('change no global type: @types/express-session stands beside the main entry', async () => {
    const source = `${main}
import type { Request } from 'express';
export const theirs = (req: Request): string | undefined => req.session.cookie.path;
`;
    expect(await compile(['node', 'express-session'], source)).toBe('');
  });

  test('leave req.session unknown without the global entry', async () => {
    const source = `${main}
export const mine = (req: IncomingMessage): unknown => req.session;
`;
    expect(await compile(['node'], source)).toMatch(
      /Property 'session' does not exist on type 'IncomingMessage'/,
    );
  });

  test('give req.session the declared data with the global entry', async () => {
    const source = `${main}
import '@portcullis/session/global';
declare module '@portcullis/session/global' {
  interface SessionData { user: string }
}
export const user = (req: IncomingMessage): string | undefined => req.session.user;
export const id = (req: IncomingMessage): string => req.session.id;
// @ts-expect-error -- nobody declared it
export const other = (req: IncomingMessage): unknown => req.session.other;
`;
    expect(await compile(['node'], source)).toBe('');
  });
});
