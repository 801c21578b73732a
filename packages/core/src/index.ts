export { compose, type Composable } from './middleware/compose.ts';
export {
  defineMiddleware,
  type MiddlewareDefinition,
  type MiddlewareDescription,
  type MiddlewareFactory,
  type Order,
  type RequiredMiddlewareFactory,
} from './middleware/define.ts';
export {
  type CallNext,
  type Context,
  functionMiddleware,
  type FunctionMiddlewareOptions,
  type MiddlewareFunction,
} from './middleware/function.ts';
export type { Head } from './middleware/head.ts';
export { httpError, type HttpError, type HttpErrorExtra } from './middleware/http-error.ts';
export { createNotices, type Notices } from './middleware/notices.ts';
export { OptionsError } from './options/error.ts';
export type { OptionIssue } from './options/issue.ts';
export { Secret, type SecretValue } from './options/secret.ts';
export type {
  ErrorMiddleware,
  Middleware,
  Next,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './types.ts';
