import type { KeyObject } from 'node:crypto';
import { inspect, types } from 'node:util';

/** What a `Secret` can be made of; a `KeyObject` must be a symmetric key. */
export type SecretValue = string | Uint8Array | KeyObject | Secret;

const BRAND = Symbol.for('portcullis.secret');

/**
 * A value that must not be seen: printing, logging, cloning or serialising it gives `[secret]` or
 * nothing. Only `reveal()` and `bytes()` give it.
 */
export class Secret {
  readonly #value: string | Buffer;

  private constructor(value: string | Buffer) {
    this.#value = value;
    Object.defineProperty(this, BRAND, { value: true });
    Object.freeze(this);
  }

  /**
   * Wraps a value; a `Secret` comes back as it is. Bytes are copied.
   *
   * @throws TypeError for anything else, and for a `KeyObject` that is not a symmetric key.
   */
  static from(value: SecretValue): Secret {
    if (isSecret(value)) return value;
    if (typeof value === 'string') return new Secret(value);
    if (types.isUint8Array(value)) return new Secret(Buffer.from(value));
    if (isSymmetricKey(value)) return new Secret(value.export());
    throw new TypeError('A secret is a string, bytes or a symmetric KeyObject');
  }

  /** The value itself: text, or a copy of the bytes. */
  reveal(): string | Buffer {
    return typeof this.#value === 'string' ? this.#value : Buffer.from(this.#value);
  }

  /** The value as bytes, text in UTF-8. */
  bytes(): Buffer {
    return typeof this.#value === 'string' ? Buffer.from(this.#value) : Buffer.from(this.#value);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  static {
    Object.defineProperty(Secret.prototype, inspect.custom, { value: () => '[secret]' });
  }
}

/** Whether a value is a `Secret`, of this or of another installed copy of this package. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && BRAND in value;
}

function isSymmetricKey(value: unknown): value is KeyObject {
  return types.isKeyObject(value) && value.type === 'secret';
}

/** Wraps what can be a secret; undefined for anything else. */
export function parseSecret(value: unknown): Secret | undefined {
  if (typeof value === 'string' || types.isUint8Array(value)) return Secret.from(value);
  if (isSecret(value) || isSymmetricKey(value)) return Secret.from(value);
  return undefined;
}
