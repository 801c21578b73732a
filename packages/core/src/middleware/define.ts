import type { OptionsDefinition } from '../options/define.ts';
import type { Middleware, StandardSchema } from '../types.ts';
import { resolveForeign } from './foreign-schema.ts';

/** Where a middleware stands among others, by their names. */
export interface Order {
  readonly after?: readonly string[] | undefined;
  readonly before?: readonly string[] | undefined;
}

/** What {@link defineMiddleware} is given. */
export interface MiddlewareDescription<
  Options extends object,
  Resolved extends object,
  M extends Middleware,
> {
  /** `cors` */
  readonly name: string;
  /** From `defineOptions`, or any Standard Schema that answers at once. */
  readonly options: OptionsDefinition<Options, Resolved> | StandardSchema<Options, Resolved>;
  readonly order?: Order | undefined;
  /** Makes the middleware from checked, frozen options. Name the function it returns. */
  readonly setup: (options: Readonly<Resolved>) => M;
}

/** What a factory knows of itself. */
export interface MiddlewareDefinition<Options extends object> {
  readonly name: string;
  readonly options: StandardSchema<Options, object>;
  readonly order: Order;
}

/** Options -> middleware. Checks the options, once, here. */
export interface MiddlewareFactory<Options extends object, M extends Middleware = Middleware> {
  /** @throws `ERR_PORTCULLIS_OPTIONS` for all the options that cannot be used. */
  (options?: Options): M;
  readonly definition: MiddlewareDefinition<Options>;
}

/** A factory that cannot do without options. */
export interface RequiredMiddlewareFactory<
  Options extends object,
  M extends Middleware = Middleware,
> {
  /** @throws `ERR_PORTCULLIS_OPTIONS` for all the options that cannot be used. */
  (options: Options): M;
  readonly definition: MiddlewareDefinition<Options>;
}

/**
 * Makes the factory of a middleware.
 *
 * The factory checks its options once, all problems in one error, and gives `setup` a frozen
 * result. What is allowed but doubtful is warned of with `process.emitWarning`.
 */
export function defineMiddleware<
  Options extends object,
  Resolved extends object,
  M extends Middleware = Middleware,
>(description: MiddlewareDescription<Options, Resolved, M>): MiddlewareFactory<Options, M> {
  const { name, options: schema, setup } = description;
  const order = Object.freeze({ ...description.order });
  const definition = Object.freeze({ name, options: schema, order });

  function factory(...given: readonly [options?: Options]): M {
    refuseRequest(name, given);
    const [options] = given;
    if (!isDefinition(schema)) return setup(resolveForeign(name, schema, options));
    const resolved = schema.resolve(options);
    for (const { code, message, hint } of resolved.warnings) {
      const advice = hint === undefined ? '' : `; ${hint}`;
      process.emitWarning(`${schema.package}: ${message}${advice}`, {
        type: 'PortcullisWarning',
        code: `ERR_PORTCULLIS_${code}`,
      });
    }
    return setup(resolved.options);
  }

  Object.defineProperty(factory, 'name', { value: name });
  return Object.assign(factory, { definition });
}

function isDefinition<Options extends object, Resolved extends object>(
  schema: OptionsDefinition<Options, Resolved> | StandardSchema<Options, Resolved>,
): schema is OptionsDefinition<Options, Resolved> {
  return 'resolve' in schema && typeof schema.resolve === 'function';
}

/** `app.use(cors)` instead of `app.use(cors())` calls the factory with a request. */
function refuseRequest(name: string, given: readonly unknown[]): void {
  if (given.length < 3 || typeof given[2] !== 'function') return;
  throw new TypeError(`${name} makes a middleware: write app.use(${name}()), not app.use(${name})`);
}
