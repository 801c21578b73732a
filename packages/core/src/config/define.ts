import type { ConfigSections, ConfigValues } from './types.ts';

/** Returns its argument; in an editor it completes the names. */
export function defineConfig<const T extends ConfigSections | ConfigValues>(config: T): T {
  return config;
}
