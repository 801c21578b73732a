// Own declaration because @types/negotiator lacks the second argument of negotiator 1.x.
declare module 'negotiator' {
  class Negotiator {
    constructor(request: { readonly headers: { readonly 'accept-encoding': string } });
    encodings(
      available: readonly string[],
      options: { readonly preferred: readonly string[] },
    ): string[];
  }
  export = Negotiator;
}
