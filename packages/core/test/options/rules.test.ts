import { describe, expect, test } from '@jest/globals';
import { defineOptions, o } from '@portcullis/core/options';
import { noteSources } from '../../src/options/source.ts';
import { refusal } from './refusal.ts';

interface Options {
  origins?: string | undefined;
  credentials?: boolean | undefined;
  port?: number | undefined;
  strict?: boolean | undefined;
}

interface Resolved {
  readonly origins: string;
  readonly credentials: boolean;
  readonly port: number;
  readonly strict: boolean;
}

const definition = defineOptions<Options, Resolved>({
  package: '@portcullis/ruled',
  area: 'RULED',
  fields: {
    origins: o.withDefault(o.string(), ''),
    credentials: o.withDefault(o.boolean(), false),
    port: o.withDefault(o.integer(), 443),
    strict: o.withDefault(o.boolean(), false),
  },
  strict: 'strict',
  rules: [
    ({ origins, credentials }, report) => {
      if (origins !== '*' || !credentials) return;
      report.warning({
        code: 'ANY_ORIGIN',
        path: 'origins',
        message: "'*' with credentials lets every site read answers",
        hint: 'list the origins',
      });
    },
    ({ port }, report) => {
      if (port === 0) report.error({ code: 'PORT', path: 'port', expected: 'a port', got: 'zero' });
      if (port === 1) report.error({ code: 'PORT', path: 'port', expected: 'another port' });
      if (port === 2) report.error({ code: 'PORT', path: 'port' });
    },
  ],
});

const open = { origins: '*', credentials: true };

describe('Rules between options', () => {
  test('warn of what is allowed but doubtful', () => {
    expect(definition.resolve(open).warnings).toEqual([
      {
        code: 'RULED_ANY_ORIGIN',
        path: 'origins',
        hint: 'list the origins',
        message: "origins: '*' with credentials lets every site read answers",
      },
    ]);
    expect(definition.resolve({}).warnings).toEqual([]);
  });

  test('become errors under the strict option', () => {
    expect(
      refusal(definition, { ...open, strict: true, port: 0 }).issues.map(({ code }) => code),
    ).toEqual(['RULED_ANY_ORIGIN', 'RULED_PORT']);
  });

  test('report errors in the same words as a single option', () => {
    expect(refusal(definition, { port: 0 }).message).toBe(
      '@portcullis/ruled: 1 option cannot be used\n  ✖ port: expected a port, got zero',
    );
  });

  test('may say as little as that it cannot be', () => {
    expect(refusal(definition, { port: 1 }).issues[0]?.message).toBe('port: expected another port');
    expect(refusal(definition, { port: 2 }).issues[0]?.message).toBe('port: cannot be used');
  });

  test('run beside wrong options that they do not read', () => {
    const codes = (input: object): string[] =>
      refusal(definition, { ...open, ...input }).issues.map(({ code }) => code);
    expect(codes({ strict: true, port: 'x' })).toEqual(['RULED_WRONG_TYPE', 'RULED_ANY_ORIGIN']);
    expect(codes({ strict: true, credentials: 'x' })).toEqual(['RULED_WRONG_TYPE']);
    expect(codes({ strict: 'x' })).toEqual(['RULED_WRONG_TYPE']);
    expect(codes({ colour: 1, port: 0 })).toEqual(['RULED_UNKNOWN_OPTION', 'RULED_PORT']);
  });

  test('let their own mistakes through', () => {
    const broken = defineOptions<object, object>({
      package: 'broken',
      area: 'BROKEN',
      fields: {},
      rules: [
        () => {
          throw new RangeError('bug');
        },
      ],
    });
    expect(() => broken.resolve({})).toThrow(RangeError);
  });
});

describe('Rules about the entries of a list', () => {
  interface Hosts {
    readonly hosts: readonly string[];
    readonly open: boolean;
  }
  const listed = defineOptions<{ hosts?: string | readonly string[]; open?: boolean }, Hosts>({
    package: '@portcullis/listed',
    area: 'LISTED',
    fields: {
      hosts: o.withDefault(o.list(o.string(), { single: true, min: 1 }), ['none']),
      open: o.withDefault(o.boolean(), false),
    },
    rules: [
      ({ open }, report) => {
        for (const { entry, path } of report.entries('hosts')) {
          if (entry === '*' && !open) report.error({ code: 'ANY', path, expected: 'a host' });
        }
      },
    ],
  });
  const problems = (input: object, source?: string): string[] =>
    refusal(listed, input, source).issues.map(({ message }) => message);

  test('see those that can be used beside those that cannot, each in its place', () => {
    expect(problems({ hosts: ['a', 5, '*', null, '*'] })).toEqual([
      'hosts[1]: expected a string, got the number 5',
      'hosts[3]: expected a string, got null',
      'hosts[2]: expected a host',
      'hosts[4]: expected a host',
    ]);
  });

  test('name a lone entry by the option', () => {
    expect(problems({ hosts: '*' })).toEqual(['hosts: expected a host']);
  });

  test('end where the list as a whole, or another option that they read, is wrong', () => {
    expect(problems({ hosts: 5 })).toHaveLength(1);
    expect(problems({ hosts: [] })).toHaveLength(1);
    expect(problems({ hosts: ['*'], open: 5 })).toHaveLength(1);
  });

  test('say where the list was written', () => {
    expect(problems({ hosts: ['*'] }, './app.json')).toEqual([
      'hosts[0]: expected a host (from ./app.json)',
    ]);
    const noted = { hosts: ['*'] };
    noteSources(noted, new Map([['hosts', 'the environment variable HOSTS']]));
    expect(problems(noted)).toEqual([
      'hosts[0]: expected a host (from the environment variable HOSTS)',
    ]);
  });

  test('run on what is used when nothing is given', () => {
    expect(listed.resolve({}).options.hosts).toEqual(['none']);
  });
});

describe('The source of a value', () => {
  test('is named when it is not the call', () => {
    const error = refusal(definition, { port: 'x', colour: 1 }, './app.json');
    expect(error.message).toContain(
      'port: expected an integer, got the string "x" (from ./app.json)',
    );
    expect(error.issues.map(({ source }) => source)).toEqual(['./app.json', './app.json']);
    expect(refusal(definition, null, './app.json').message).toContain('got null (from ./app.json)');
    expect(refusal(definition, { port: 0 }, './app.json').message).toContain(
      'zero (from ./app.json)',
    );
  });
});

describe('As a Standard Schema', () => {
  const schema = definition['~standard'];

  test('answers at once with the value, or with issues and the segments of their paths', () => {
    expect([schema.version, schema.vendor]).toEqual([1, 'portcullis']);
    expect(schema.validate({ port: 80 })).toEqual({
      value: { origins: '', credentials: false, port: 80, strict: false },
    });
    const nested = defineOptions<{ at?: unknown }, { at: unknown }>({
      package: 'nested',
      area: 'NESTED',
      fields: { at: o.object({ names: o.list(o.string()) }) },
    });
    expect(nested['~standard'].validate({ at: { names: ['a', 5] } })).toEqual({
      issues: [
        { message: 'at.names[1]: expected a string, got the number 5', path: ['at', 'names', 1] },
      ],
    });
    expect(schema.validate(5)).toEqual({
      issues: [{ message: 'options: expected an object of options, got the number 5', path: [] }],
    });
    expect(schema.validate({ port: 0 })).toEqual({
      issues: [{ message: 'port: expected a port, got zero', path: ['port'] }],
    });
  });
});
