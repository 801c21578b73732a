import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, jest } from '@jest/globals';
import {
  type Config,
  type ConfigError,
  loadConfig,
  type LoadConfigOptions,
} from '@portcullis/core/config';

type Source = Parameters<typeof loadConfig>[0];

/** Loads without the variables of the process that runs the tests. */
export function load(source: Source, options: LoadConfigOptions = {}): Promise<Config> {
  return loadConfig(source, { env: {}, ...options });
}

/** The error of a configuration that cannot be used. */
export async function refusal(
  source: Source,
  options: LoadConfigOptions = {},
): Promise<ConfigError> {
  try {
    await load(source, options);
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error('The configuration was accepted');
}

const folder = mkdtempSync(join(tmpdir(), 'portcullis-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file into a folder of its own; its path. */
export function write(name: string, content: string): string {
  const path = join(mkdtempSync(join(folder, 'file-')), name);
  writeFileSync(path, content);
  return path;
}

/** The warnings given while something runs. */
export async function warningsOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    await run();
    return spy.mock.calls.map(([message, options]) => {
      const { type, code } = options as { type?: string; code?: string };
      return `${type} ${code}: ${String(message)}`;
    });
  } finally {
    spy.mockRestore();
  }
}
