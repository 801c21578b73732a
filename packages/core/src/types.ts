import type { IncomingMessage, ServerResponse } from 'node:http';

/** Hands the request on; with an argument, to the next error handler. */
export type Next = (error?: unknown) => void;

/** A Connect middleware, as Express, Connect and plain `node:http` stacks call it. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** An error handler of a Connect stack: it is known by its four parameters. */
export type ErrorMiddleware = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
) => void;

/**
 * Any schema of the Standard Schema family (zod, valibot, arktype and others).
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => StandardResult<Output> | PromiseLike<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a Standard Schema answers: a value, or the issues. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One complaint of a Standard Schema. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
