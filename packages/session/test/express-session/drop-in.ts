import { listen, type TestMiddleware } from '@portcullis/testing';
import type { memoryStore } from '../../src/index.ts';
import session = require('../../src/express-session.ts');

export const secret = 'a secret of more than thirty-two bytes in all';
export const quiet = { secret, resave: false, saveUninitialized: false };

type Own = InstanceType<typeof session.Session>;
export interface Req {
  session: Own;
  sessionID: string;
  sessionStore: {
    destroy(id: string, done: () => void): void;
    regenerate(req: unknown, done: () => void): void;
  };
  url: string;
}
export type App = (
  req: Req,
  res: { end(text?: string): void; write(text: string): void },
) => unknown;

export const serve = (
  options: session.SessionOptions,
  app: App,
  before: readonly TestMiddleware[] = [],
) =>
  listen('connect', [...before, session(options) as TestMiddleware], (async (
    req: Req,
    res: never,
    next: (error: unknown) => void,
  ) => {
    try {
      await app(req, res);
    } catch (error) {
      next(error);
    }
  }) as unknown as TestMiddleware);

export const cookieOf = ({ setCookie }: { readonly setCookie: readonly string[] }): string =>
  String(setCookie[0]?.split(';')[0]);
export const count: App = (req, res) => {
  req.session['n'] = Number(req.session['n'] ?? 0) + 1;
  res.end(String(req.session['n']));
};

/** The same store without its name, so that it is treated as one behind a network. */
export function wrap(store: ReturnType<typeof memoryStore>) {
  return {
    get: store.get.bind(store),
    create: store.create.bind(store),
    update: store.update.bind(store),
    touch: store.touch.bind(store),
    destroy: store.destroy.bind(store),
    rename: store.rename.bind(store),
    listByUser: store.listByUser.bind(store),
    destroyByUser: store.destroyByUser.bind(store),
  };
}
