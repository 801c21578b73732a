import { o, type Spec } from '@portcullis/core/options';

const headerName: Spec<string, string> = o.custom("a header name such as 'X-Arr-Ssl'", (value) =>
  typeof value === 'string' && /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(value)
    ? value.toLowerCase()
    : undefined,
);

/** Lower case, as Node keys its headers. */
export const protoHeadersSpec: Spec<readonly string[], readonly string[]> = o.list(headerName, {
  min: 1,
});
