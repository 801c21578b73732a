/** Refuses requests whose Host header is malformed or not yours. */
export { trustedHost } from './trusted-host.ts';
export { loopbackHosts } from './loopback.ts';
export type { AllowedHost, HostPredicate, TrustedHostOptions } from './options.ts';
export type { Rejection, RejectionReason } from './rejection.ts';
export { absoluteUrl, getHost } from '@portcullis/core/http';
export type { AbsoluteUrlOverrides, CheckedHost, Host } from '@portcullis/core/http';
