import type { SessionStrategy } from '../src/index.ts';

/** A strategy that stores nothing, to be overridden where a test looks. */
export function ownStrategy(overrides: Partial<SessionStrategy> = {}): SessionStrategy {
  return {
    name: 'own',
    eager: true,
    late: false,
    chunks: false,
    newId: () => 'an-id-of-the-test',
    read: () => ({ kind: 'none' }),
    commit: () => ({ kind: 'set', value: 'own' }),
    destroy: () => ({ kind: 'clear' }),
    ...overrides,
  };
}
