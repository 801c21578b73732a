/** Sends http and ws requests to https and wss, and tells browsers to stay there. */
export { httpsRedirect } from './https-redirect.ts';
export type { HstsOptions, HttpsRedirectOptions, PortRule } from './options.ts';
export type { Rejection, RejectionReason } from './rejection.ts';
