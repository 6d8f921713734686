import { inspect } from 'node:util';

/**
 * A value that must not be seen: logs, JSON, templates and errors show `[secret]` in its place. Whoever needs it says so
 * with {@link Secret.reveal}, which is what to look for when reviewing.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
