import type { ParseArgsOptionsConfig } from 'node:util';
import type { Terminal } from './terminal.ts';

/** What a command was called with, parsed by its options. */
export interface CommandInput {
  readonly dataDir: string;
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  /** What {@link Command.takes} took out of the command line. */
  readonly taken: readonly { readonly name: string; readonly value: string }[];
}

/** One command of `gatehouse`. A file of this folder exports one and the table in commands.ts lists it. */
export interface Command {
  /** Printed by `--help`: a line on how it is called, what it does, its options. */
  readonly help: string;
  /** Besides `--help` and `--data-dir`, which every command has. */
  readonly options: ParseArgsOptionsConfig;
  /** Takes out what has a form of its own before the rest is read as options. */
  readonly takes?: (args: readonly string[]) => {
    readonly flags: CommandInput['taken'];
    readonly left: readonly string[];
  };
  /** Fewest and most positional arguments. */
  readonly positionals: readonly [number, number];
  /** Resolves with the exit code. Throws what {@link explainFailure} puts into words. */
  readonly run: (input: CommandInput) => Promise<number>;
}

/** Called wrongly: exit code 2. */
export class UsageError extends Error {
  /** What stands below the message. */
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[] = []) {
    super(message);
    this.lines = lines;
  }
}

/** A sentence for the person, and what to do next. Exit code 1. */
export class CommandError extends Error {
  readonly next: string | null;

  constructor(message: string, next: string | null = null) {
    super(message);
    this.next = next;
  }
}

export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.values[name];
  return typeof value === 'string' ? value : undefined;
}

export function textsOption(input: CommandInput, name: string): readonly string[] {
  const value = input.values[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function flagOption(input: CommandInput, name: string): boolean {
  return input.values[name] === true;
}

/** A whole number of an option; undefined where it is not given. */
export function numberOption(
  input: CommandInput,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = textOption(input, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}".`);
  }
  return value;
}
