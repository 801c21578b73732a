declare module 'session-file-store' {
  /** Has no types of its own. */
  function fileStore(session: unknown): new (options: object) => object;
  export = fileStore;
}
