/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

/** Shared by the unit and the system run; `npm test` needs nothing but npm. */
export const base: Config = {
  rootDir: __dirname,
  testEnvironment: 'node',
  // Jest leaves one core free by default, which on two cores is half of them.
  maxWorkers: '100%',
  // Tests run from source: the condition is listed first in every package's `exports`.
  testEnvironmentOptions: {
    customExportConditions: ['@portcullis/source', 'require', 'node', 'node-addons'],
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['/dist/'],
  collectCoverageFrom: ['packages/*/src/**/*.ts', '!packages/testing/**'],
  // v8 reports 100 % for untaken one-line branches; babel counts them.
  coverageProvider: 'babel',
};

export default {
  ...base,
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '\\.system\\.test\\.ts$'],
} satisfies Config;
