declare module 'cookie-signature' {
  import type { KeyObject } from 'node:crypto';

  export function sign(value: string, secret: string | NodeJS.ArrayBufferView | KeyObject): string;
  export function unsign(
    input: string,
    secret: string | NodeJS.ArrayBufferView | KeyObject,
  ): string | false;
}
