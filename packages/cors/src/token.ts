/** Whether a text is a token (RFC 9110 section 5.6.2): what methods and header names consist of. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}
