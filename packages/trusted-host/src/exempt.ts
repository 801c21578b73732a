import type { IncomingMessage } from 'node:http';
import { compilePaths, explainPath } from '@portcullis/core/http';
import { o, type Spec } from '@portcullis/core/options';

type Exempt = (req: IncomingMessage) => boolean;

const pathSpec: Spec<string, string> = o.custom("a path such as '/health'", (value, fail) => {
  if (typeof value !== 'string') return undefined;
  const fault = explainPath(value);
  return fault === undefined
    ? value
    : fail({ code: 'BAD_PATH', message: `${JSON.stringify(value)} ${fault}` });
});

const listSpec = o.list(pathSpec, { min: 1 });

/** A list of paths, or a function of the request. */
export const exemptSpec: Spec<readonly string[] | Exempt, readonly string[] | Exempt> = o.either(
  o.fn<Exempt>('(req) => boolean'),
  listSpec,
);

export function compileExempt(exempt: readonly string[] | Exempt | undefined): Exempt | undefined {
  if (exempt === undefined || typeof exempt === 'function') return exempt;
  return compilePaths(exempt);
}
