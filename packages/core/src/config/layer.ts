import { isPlainData } from '../options/plain.ts';
import type { ConfigIssue } from './error.ts';

/** A value and where it comes from; an undefined value takes back what a lower layer set. */
export interface Assignment {
  readonly value: unknown;
  readonly source: string;
}

/** What one source sets: `cors.maxAge` -> value. */
export type Layer = ReadonlyMap<string, Assignment>;

/** One key of one source. */
export interface Setting extends Assignment {
  /** As it was written. */
  readonly key: string;
  readonly paths: readonly string[];
}

/** Makes the layer of one source; two keys for one option are a problem. */
export function makeLayer(settings: readonly Setting[], issues: ConfigIssue[]): Layer {
  const layer = new Map<string, Setting>();
  // `ALLOWED_HOSTS` is for several sections; one of them may still say something of its own.
  for (const setting of [...settings].sort((a, b) => b.paths.length - a.paths.length)) {
    for (const path of setting.paths) {
      const other = layer.get(path);
      if (other?.paths.length === setting.paths.length) {
        issues.push(conflict(setting, other));
        break;
      }
      layer.set(path, setting);
    }
  }
  return layer;
}

function conflict({ source, key }: Setting, other: Setting): ConfigIssue {
  return {
    code: 'CONFIG_CONFLICT',
    source,
    key,
    reason: `means the same as ${other.key}, which is given too`,
    hint: 'keep one of the two',
  };
}

/** Puts layers on one another, the last on top: plain data merges, everything else replaces. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  const merged = new Map<string, Assignment>();
  for (const layer of layers) {
    for (const [path, { value, source }] of layer) {
      merged.set(path, { value: mergeValue(merged.get(path)?.value, value), source });
    }
  }
  return merged;
}

function mergeValue(below: unknown, above: unknown): unknown {
  if (!isPlainData(below) || !isPlainData(above)) return above;
  const merged = new Map<string, unknown>(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    if (value !== undefined) merged.set(key, mergeValue(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
