/** Real servers and raw sockets for the tests of every package. */
export { listen, closeAll, hostNames } from './listen.ts';
export type { HostName, ListenOptions, TestServer, TestMiddleware } from './listen.ts';
export type { RequestInit, TestResponse } from './client.ts';
export { rawRequest } from './raw.ts';
export type { RawOptions } from './raw.ts';
export { selfSignedCertificate } from './certificate.ts';
