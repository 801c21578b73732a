/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import { base } from './jest.config.ts';

/** What needs a browser, nginx, Redis, PostgreSQL or a packed tarball. */
export default {
  ...base,
  testMatch: [
    '<rootDir>/packages/*/test/**/*.system.test.ts',
    '<rootDir>/test/**/*.system.test.ts',
  ],
  testTimeout: 60_000,
} satisfies Config;
