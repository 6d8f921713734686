import { randomBytes } from 'node:crypto';
import type { ReadStream } from 'node:tty';
import { colour, visible } from './visible.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'bold';

/** Where a command writes to and reads from. */
export interface Terminal {
  /** One line, whatever it holds. */
  readonly out: (line: string) => void;
  /** Lines of our own making, such as help and JSON. */
  readonly text: (lines: string) => void;
  readonly error: (line: string) => void;
  /** The text in a colour where standard output is a terminal that may have colours. */
  readonly paint: (tone: Tone, text: string) => string;
  readonly interactive: boolean;
  /** Asks for a secret without showing it; from a pipe it reads the first line. Null where the person gave up. */
  readonly readSecret: (prompt: string) => Promise<string | null>;
  /**
   * Aborted on SIGINT and SIGTERM. Whoever has asked for it must end by it; for all others the signals end the process.
   */
  readonly stopped: () => AbortSignal;
}

const codes: Readonly<Record<Tone, readonly [number, number]>> = {
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  dim: [2, 22],
  bold: [1, 22],
};

type Streams = Pick<NodeJS.Process, 'stdin' | 'env'> & {
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
};

export function createTerminal({ stdout, stderr, stdin, env }: Streams = process): Terminal {
  const key = randomBytes(8).toString('hex');
  const out = (line: string): void => void stdout.write(`${visible(line, key)}\n`);
  // https://no-color.org: any value that is not empty.
  const coloured = stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return {
    out,
    text: (lines) => {
      for (const line of lines.split('\n')) out(line);
    },
    error: (line) => void stderr.write(`${visible(line, key)}\n`),
    paint: (tone, text) => (coloured ? `${colour(key, codes[tone][0])}${text}${colour(key, codes[tone][1])}` : text),
    interactive: stdin.isTTY && stderr.isTTY,
    readSecret: (prompt) => (stdin.isTTY ? readHidden(stdin, visible(prompt)) : readFirstLine(stdin)),
    stopped: stopSignal,
  };
}

let stop: AbortController | undefined;

function stopSignal(): AbortSignal {
  if (!stop) {
    const made = new AbortController();
    process.once('SIGINT', () => made.abort());
    process.once('SIGTERM', () => made.abort());
    stop = made;
  }
  return stop.signal;
}

async function readFirstLine(stdin: NodeJS.ReadStream): Promise<string | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? null : (text.split(/\r?\n/)[0] ?? '');
}

async function readHidden(stdin: ReadStream, prompt: string): Promise<string | null> {
  process.stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  let typed = '';
  try {
    for await (const chunk of stdin as AsyncIterable<string>) {
      for (const char of chunk) {
        if (char === '\r' || char === '\n') return typed;
        if (char === '\u0003' || (char === '\u0004' && typed === '')) return null;
        typed = char === '\u007f' || char === '\b' ? typed.slice(0, -1) : typed + char;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    process.stderr.write('\n');
  }
}
