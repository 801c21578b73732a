import type { IncomingMessage } from 'node:http';

/** Whom the `cors` package allows: a text is sent as it stands, what stands in a list has to match. */
export type StaticOrigin = boolean | string | RegExp | readonly (boolean | string | RegExp)[];

export type CustomOrigin = (
  requestOrigin: string | undefined,
  callback: (error: Error | null, origin?: StaticOrigin) => void,
) => void;

/** The options of the `cors` package. */
export interface NpmCorsOptions {
  origin?: StaticOrigin | CustomOrigin | undefined;
  methods?: string | readonly string[] | undefined;
  allowedHeaders?: string | readonly string[] | undefined;
  headers?: string | readonly string[] | undefined;
  exposedHeaders?: string | readonly string[] | undefined;
  credentials?: boolean | undefined;
  maxAge?: number | undefined;
  preflightContinue?: boolean | undefined;
  optionsSuccessStatus?: number | undefined;
}

export type NpmCorsDelegate = (
  req: IncomingMessage,
  callback: (error: Error | null, options?: NpmCorsOptions) => void,
) => void;
