declare module 'vary' {
  import type { ServerResponse } from 'node:http';

  function vary(res: ServerResponse, field: string | readonly string[]): void;
  export = vary;
}
