/** What express-session hands to a store and gets back: data, and under `cookie` how long it lives. */
export type ExpressRecord = Record<string, unknown>;

/** The part of express-session's `Store` that is relied on; any object that has it will do. */
export interface ExpressStore {
  get(id: string, callback: (error: unknown, record?: unknown) => void): unknown;
  set(id: string, record: unknown, callback?: (error?: unknown) => void): unknown;
  destroy(id: string, callback?: (error?: unknown) => void): unknown;
  touch?(id: string, record: unknown, callback?: (error?: unknown) => void): unknown;
}
