import assert from 'node:assert/strict';
import cookieSession from 'cookie-session';
import expressSession from 'express-session';
import { getIronSession, sealData } from 'iron-session';
import { session } from '@portcullis/session';
import { sessionCookie } from '@portcullis/session/testing';
import { Exchange, toRawRequest } from '../harness/exchange.mjs';

const secret = 'Zr8w0vK-3tQ6yHd1sXb5nPf9uJm2cLg7-bench';
const data = { user: 'ann', cart: [1, 2, 3], theme: 'dark', visits: 12 };
const others = 'theme=dark; _ga=GA1.1.1234567890.1234567890';

/** A middleware whose every request brings this session cookie between two foreign ones. */
const bringing = (cookie, middleware) => () => (req, res, next) => {
  req.headers.cookie = `theme=dark; ${cookie}; _ga=GA1.1.1234567890.1234567890`;
  middleware(req, res, next);
};

async function setBy(middleware, value) {
  const exchange = new Exchange(middleware, (req, res) => {
    Object.assign(req.session, value);
    res.end('ok');
  });
  const { headers } = await exchange.answer(toRawRequest({ headers: { host: 'x.example' } }));
  return headers['set-cookie'];
}

const pairs = (lines) => lines.map((line) => line.split(';')[0]).join('; ');

const iron = { cookieName: 'iron', password: secret };
const ironSession = (req, res, next) => {
  void getIronSession(req, res, iron).then((found) => {
    req.session = found;
    next();
  }, next);
};

// The same policy on both sides: 14 days, SameSite=Lax.
const theirs = { keys: [secret], maxAge: 14 * 86_400_000, sameSite: 'lax' };

const contestants = {
  'portcullis encrypted': bringing(
    await sessionCookie({ secretKey: secret }, data),
    session({ secretKey: secret }),
  ),
  'portcullis signed': bringing(
    await sessionCookie({ secretKey: secret, encrypt: false }, data),
    session({ secretKey: secret, encrypt: false }),
  ),
  'cookie-session': bringing(
    pairs(await setBy(cookieSession(theirs), data)),
    cookieSession(theirs),
  ),
  'iron-session': bringing(`iron=${await sealData(data, iron)}`, ironSession),
};

async function crowds() {
  const everybody = async (make) => {
    const cookies = [];
    for (let n = 0; n < 8000; n++) cookies.push(await make({ ...data, visits: n }));
    return cookies;
  };
  const inTurn = (cookies, middleware) => () => {
    let turn = 0;
    return (req, res, next) => {
      req.headers.cookie = `theme=dark; ${cookies[turn++ % cookies.length]}`;
      middleware(req, res, next);
    };
  };
  const signed = { secretKey: secret, encrypt: false };
  const cookieSessions = cookieSession(theirs);
  return {
    'portcullis encrypted': inTurn(
      await everybody((value) => sessionCookie({ secretKey: secret }, value)),
      session({ secretKey: secret }),
    ),
    'portcullis signed': inTurn(
      await everybody((value) => sessionCookie(signed, value)),
      session(signed),
    ),
    'cookie-session': inTurn(
      await everybody(async (value) => pairs(await setBy(cookieSessions, value))),
      cookieSessions,
    ),
  };
}

/** Answers as applications do: with a header of its own, so that nobody pays for the first header of the response alone. */
const answering = (change) => (req, res) => {
  change?.(req.session);
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end(req.session?.user ?? 'ann');
};
const untouching = (_req, res) => {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end('ann');
};

const ann = (answer) => {
  assert.equal(answer.status, 200);
  assert.equal(String(answer.body), 'ann');
};
const request = { headers: { host: 'x.example', cookie: 'replaced=1' } };
const cookieModes = ['portcullis encrypted', 'portcullis signed'];

const only = (...names) => Object.fromEntries(names.map((name) => [name, contestants[name]]));

let visits = 0;

export const cases = [
  {
    title: 'no session cookie, and a handler that does not look at the session',
    kind: 'in-process',
    contestants: {
      portcullis: () => session({ secretKey: secret }),
      'express-session': () =>
        expressSession({ secret, resave: false, saveUninitialized: false, store: new expressSession.MemoryStore() }), // prettier-ignore
      'cookie-session': () => cookieSession(theirs),
    },
    request: { headers: { host: 'x.example', cookie: others } },
    handler: untouching,
    expect: ann,
    goals: [{ of: 'portcullis', to: 'express-session', atMost: 1 / 10 }],
  },
  {
    title: 'a session cookie, and a handler that does not look at the session',
    kind: 'in-process',
    contestants: {
      portcullis: contestants['portcullis encrypted'],
      'cookie-session': contestants['cookie-session'],
    },
    request,
    handler: untouching,
    expect: ann,
    goals: [],
  },
  {
    title: 'a session that is read, beside cookie-session',
    kind: 'in-process',
    contestants: only(...cookieModes, 'cookie-session'),
    request,
    handler: answering(),
    expect: ann,
    goals: [
      { of: 'portcullis encrypted', to: 'cookie-session', atMost: 0.45 },
      { of: 'portcullis signed', to: 'cookie-session', atMost: 0.45 },
    ],
  },
  {
    // Nothing is remembered here: more visitors take turns than the memory of good cookies holds.
    title: 'a session that is read, of 8 000 visitors in turn',
    kind: 'in-process',
    contestants: await crowds(),
    request,
    handler: answering(),
    expect: ann,
    goals: [],
  },
  {
    // By itself, because a request of iron-session is so long that the others would run cold in between.
    title: 'a session that is read, beside iron-session',
    kind: 'in-process',
    contestants: only(...cookieModes, 'iron-session'),
    request,
    handler: answering(),
    expect: ann,
    goals: [{ of: 'portcullis encrypted', to: 'iron-session', atMost: 1 / 20 }],
  },
  {
    title: 'a session that is changed',
    kind: 'in-process',
    contestants: only(...cookieModes, 'cookie-session'),
    request,
    handler: answering((current) => {
      if (current !== undefined) current.visits = visits++;
    }),
    expect(answer, name) {
      ann(answer);
      if (cookieModes.includes(name)) assert.equal(answer.headers['set-cookie'].length, 1);
    },
    goals: [],
  },
  {
    title: 'eight kilobytes of forged session cookies',
    kind: 'in-process',
    contestants: {
      portcullis: bringing(
        Array.from({ length: 60 }, () => `session=AQ${'x'.repeat(120)}`).join('; '),
        session({ secretKey: secret }),
      ),
      'cookie-session': bringing(
        Array.from({ length: 60 }, () => `session=AQ${'x'.repeat(120)}; session.sig=x`).join('; '),
        cookieSession(theirs),
      ),
    },
    request,
    handler: answering(),
    expect: ann,
    goals: [],
  },
  {
    title: 'bytes of Set-Cookie, signed, against the two cookies of cookie-session',
    kind: 'script',
    async run(print) {
      let missed = 0;
      for (const size of [
        2, 10, 20, 40, 60, 100, 200, 500, 1000, 2000, 2900, 2960, 2980, 3000, 3050,
      ]) {
        const value = size === 2 ? undefined : { a: 'x'.repeat(size - '{"a":""}'.length) };
        if (value === undefined) continue;
        const ours = bytes(await setBy(session({ secretKey: secret, encrypt: false }), value));
        const two = bytes(await setBy(cookieSession(theirs), value));
        const ratio = ours / two;
        const goal = size === 60 ? 0.8 : 1;
        if (ratio >= goal) missed++;
        print(
          `${String(size).padStart(5)} bytes of JSON: ${ours} to ${two}, ratio ${ratio.toFixed(3)}`,
        );
      }
      assert.equal(missed, 0, 'a Set-Cookie is longer than it may be');
    },
  },
];

function bytes(lines) {
  return lines.reduce((sum, line) => sum + line.length, 0);
}
