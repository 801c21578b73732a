import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { type Done, editHead } from '../response.ts';

/** The head that the rest of the application is about to send; it waits for this function. */
export interface Head {
  status: number;
  getHeader(name: string): OutgoingHttpHeader | undefined;
  setHeader(name: string, value: OutgoingHttpHeader): void;
  /** Adds a value beside those that the header has: for `Set-Cookie` and `Vary`. */
  appendHeader(name: string, value: string | readonly string[]): void;
  removeHeader(name: string): void;
  /**
   * Lets the head go and waits for the end of the response. Returning from the function lets it go
   * too.
   */
  send(): Promise<Done>;
}

/** A head whose methods throw `tooLate(…)` once it is out. */
export function createHead(
  res: ServerResponse,
  tooLate: (what: string) => Error,
  send: () => Promise<Done>,
): Head {
  function edit<T>(what: string, change: (res: ServerResponse) => T): T {
    let result: { readonly value: T } | undefined;
    editHead(res, (open) => {
      result = { value: change(open) };
    });
    if (result === undefined) throw tooLate(what);
    return result.value;
  }
  return {
    get status(): number {
      return res.statusCode;
    },
    set status(status) {
      edit('the status', (open) => {
        open.statusCode = status;
      });
    },
    getHeader: (name) => res.getHeader(name),
    setHeader: (name, value) => void edit(`"${name}"`, (open) => open.setHeader(name, value)),
    appendHeader: (name, value) =>
      void edit(`"${name}"`, (open) => open.appendHeader(name, value as string)),
    removeHeader: (name) => edit(`"${name}"`, (open) => open.removeHeader(name)),
    send,
  };
}
