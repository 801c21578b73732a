import type { TestResponse } from '@portcullis/testing';

export const secretKey = 'Zr8w0vK-3tQ6yHd1sXb5nPf9uJm2cLg7';

/** What a browser would send back: the cookies of a response, without those it removed. */
export function cookieHeader(response: Pick<TestResponse, 'setCookie'>): string {
  return response.setCookie
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.slice(0, line.indexOf(';')))
    .join('; ');
}
