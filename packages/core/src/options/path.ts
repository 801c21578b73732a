import { explainPath } from '../http/paths.ts';
import { Spec } from './spec.ts';

/** A path as a list of exempt requests holds it. */
export const pathSpec: Spec<string, string> = Spec.leaf(
  { expected: "a path such as '/health'" },
  (value, fail) => {
    if (typeof value !== 'string') return undefined;
    const fault = explainPath(value);
    return fault === undefined
      ? value
      : fail({ code: 'BAD_PATH', message: `${JSON.stringify(value)} ${fault}` });
  },
);
