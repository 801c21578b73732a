import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  createNotices,
  defineMiddleware,
  type Middleware,
  type StandardSchema,
} from '@portcullis/core';
import { defineOptions, o, type OptionsError } from '@portcullis/core/options';
import { closeAll, hostNames, listen } from '@portcullis/testing';

afterEach(closeAll);
afterEach(() => void jest.restoreAllMocks());

interface Options {
  text?: string | undefined;
  open?: boolean | undefined;
}

const stamp = defineMiddleware<Options, { readonly text: string; readonly open: boolean }>({
  name: 'stamp',
  options: defineOptions({
    package: 'my-stamp',
    area: 'STAMP',
    fields: { text: o.withDefault(o.string(), 'stamped'), open: o.withDefault(o.boolean(), false) },
    rules: [
      ({ open }, report) => {
        if (!open) return;
        report.warning({
          code: 'OPEN',
          path: 'open',
          message: 'lets everybody in',
          hint: 'close it',
        });
        report.warning({ code: 'WIDE', path: 'open', message: 'is wide' });
      },
    ],
  }),
  order: { after: ['cors'] },
  setup: ({ text }) =>
    function stampMiddleware(_req, res, next) {
      res.setHeader('X-Stamp', text);
      next();
    },
});

describe('defineMiddleware', () => {
  test.each(hostNames)('makes a factory of middleware that runs on %s', async (host) => {
    const server = await listen(host, [stamp({ text: 'mine' })]);
    expect((await server.request('/')).headers['x-stamp']).toBe('mine');
    expect([stamp.name, stamp().name]).toEqual(['stamp', 'stampMiddleware']);
  });

  test('throws for options that cannot be used, at the call', () => {
    expect(() => stamp({ txt: 'x' } as Options)).toThrow(
      'my-stamp: 1 option cannot be used\n  ✖ txt: is not an option\n      → did you mean "text"?',
    );
  });

  test('gives frozen options to setup', () => {
    const seen: object[] = [];
    const probe = defineMiddleware<Options, { readonly text: string; readonly open: boolean }>({
      name: 'probe',
      options: stamp.definition.options as StandardSchema<Options, { text: string; open: boolean }>,
      setup: (options) => {
        seen.push(options);
        return (_req, _res, next) => next();
      },
    });
    probe({});
    expect(seen).toEqual([{ text: 'stamped', open: false }]);
    expect(Object.isFrozen(seen[0])).toBe(true);
  });

  test('warns at construction of what is allowed but doubtful, once per instance', () => {
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    stamp({ open: true });
    expect(spy.mock.calls).toEqual([
      [
        'my-stamp: open: lets everybody in; close it',
        { type: 'PortcullisWarning', code: 'ERR_PORTCULLIS_STAMP_OPEN' },
      ],
      ['my-stamp: open: is wide', { type: 'PortcullisWarning', code: 'ERR_PORTCULLIS_STAMP_WIDE' }],
    ]);
  });

  test('says what is wrong with app.use(stamp)', async () => {
    const server = await listen('express5', stamp as unknown as Middleware);
    const response = await server.request('/');
    expect(response.status).toBe(500);
    expect(() =>
      (stamp as unknown as Middleware)({} as never, {} as never, () => undefined),
    ).toThrow('stamp makes a middleware: write app.use(stamp()), not app.use(stamp)');
  });

  test('describes itself, frozen', () => {
    const { definition } = stamp;
    expect([definition.name, definition.order]).toEqual(['stamp', { after: ['cors'] }]);
    expect([definition, definition.order].every((part) => Object.isFrozen(part))).toBe(true);
  });
});

describe('A schema of another library', () => {
  type Result = ReturnType<StandardSchema['~standard']['validate']>;

  function withSchema(validate: (value: unknown) => Result) {
    return defineMiddleware<object, object>({
      name: 'my-own',
      options: { '~standard': { version: 1, vendor: 'test', validate } } as StandardSchema<
        object,
        object
      >,
      setup: (options) =>
        Object.assign(((_req, _res, next) => next()) satisfies Middleware, { options }),
    });
  }

  function refusal(run: () => unknown): OptionsError {
    try {
      run();
    } catch (error) {
      return error as OptionsError;
    }
    throw new Error('The options were accepted');
  }

  test('checks the options; without any it is given an empty object', () => {
    const seen: unknown[] = [];
    const factory = withSchema((value) => {
      seen.push(value);
      return { value: { level: 1 } };
    });
    expect(factory()).toHaveProperty('options', { level: 1 });
    expect(Object.isFrozen(Reflect.get(factory(), 'options'))).toBe(true);
    factory({ level: 2 });
    expect(seen).toEqual([{}, {}, { level: 2 }]);
  });

  test('is quoted when it refuses, with the paths', () => {
    const factory = withSchema(() => ({
      issues: [
        { message: 'Too low', path: ['levels', { key: 0 }] },
        { message: 'Unknown', path: undefined },
      ],
    }));
    const error = refusal(() => factory());
    expect(error.message).toBe(
      'my-own: 2 options cannot be used\n  ✖ levels[0]: Too low\n  ✖ options: Unknown',
    );
    expect(error.issues.map(({ code }) => code)).toEqual(['MY_OWN_INVALID', 'MY_OWN_INVALID']);
  });

  test('that answers with a promise is refused, and its rejection is nobody’s crash', async () => {
    const factory = withSchema(() => Promise.reject(new Error('later')));
    const error = refusal(() => factory());
    expect(error.issues[0]).toMatchObject({
      code: 'MY_OWN_ASYNC_SCHEMA',
      message: 'options: the schema (test) answers with a promise',
      hint: 'options are checked when the factory is called; use a schema without async checks',
    });
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('createNotices', () => {
  test('warns once per code, however often clients provoke it', () => {
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const notices = createNotices();
    for (const code of ['ERR_A', 'ERR_B', 'ERR_A']) notices.once(code, `${code} happened`);
    expect(spy.mock.calls.map(([message]) => message)).toEqual([
      'ERR_A happened',
      'ERR_B happened',
    ]);
    expect(spy.mock.calls[0]?.[1]).toEqual({ type: 'PortcullisWarning', code: 'ERR_A' });
  });
});
