import { describe, expect, test } from '@jest/globals';
import portcullis = require('@portcullis/session/express-session');
import session = require('../src/index.ts');
import Cookie = require('../src/session/cookie.ts');
import MemoryStore = require('../src/session/memory.ts');
import Session = require('../src/session/session.ts');
import Store = require('../src/session/store.ts');

describe('what applications load by the names of express-session', () => {
  test('is the drop-in of @portcullis/session', () => {
    expect(session).toBe(portcullis);
  });

  test.each([
    ['cookie', Cookie, session.Cookie],
    ['memory', MemoryStore, session.MemoryStore],
    ['session', Session, session.Session],
    ['store', Store, session.Store],
  ])('session/%s is the constructor beside it', (_file, loaded, named) => {
    expect(loaded).toBe(named);
  });

  test('can be a base and a type', () => {
    class Own extends Store {}
    const own: Store = new Own();
    expect(own).toBeInstanceOf(session.Store);
  });
});
