export { defineConfig } from './config/define.ts';
export { ConfigError, type ConfigIssue } from './config/error.ts';
export type { EnvFile } from './config/env-file.ts';
export { loadConfig, type LoadConfigOptions } from './config/load.ts';
export type {
  Config,
  ConfigClass,
  ConfigSections,
  Configurable,
  ConfiguredOptions,
  ConfigValues,
} from './config/types.ts';
