// `npm run vectors -- FILE...`: judges the product by files of test vectors, which live outside the repository.
// Ends with 0 when all passed, 1 on a failure, 2 on a file that cannot be read.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { kinds } from './kinds.ts';
import { judgeVector, type Outcome, parseVectorFile, type Vector } from './vector.ts';

const { values: options, positionals: files } = parseArgs({
  allowPositionals: true,
  // `--only TEXT`: vectors whose id, kind or source holds the text; `--brief`: one line for each failure.
  options: { only: { type: 'string' }, brief: { type: 'boolean' } },
});

let exitCode = 0;
const note = (code: number): void => {
  exitCode = Math.max(exitCode, code);
};

function shown(value: unknown): string {
  const text = inspect(value, { depth: 12, breakLength: 110, maxStringLength: 400, maxArrayLength: 40 });
  return text.length > 3000 ? `${text.slice(0, 3000)}…` : text;
}

function printFailure(vector: Vector, outcome: Outcome & { kind: 'failed' }): void {
  console.log(`\n  FAILED ${vector.id} (${vector.kind}) ${JSON.stringify(vector.source ?? {})}`);
  for (const { input, expected, got } of outcome.differences.slice(0, options.brief ? 1 : 5)) {
    const indent = (text: string): string => text.replaceAll('\n', '\n      ');
    if (options.brief) {
      const line = [input, expected, got].map((value) => shown(value).replaceAll(/\s+/g, ' ').slice(0, 160));
      console.log(`    ${line[0]} | expected ${line[1]} | got ${line[2]}`);
      continue;
    }
    console.log(`    input    ${indent(shown(input))}`);
    console.log(`    expected ${indent(shown(expected))}`);
    console.log(`    got      ${indent(shown(got))}`);
  }
}

async function judgeFile(path: string): Promise<void> {
  let vectors: readonly Vector[];
  try {
    vectors = parseVectorFile(readFileSync(path, 'utf8'));
  } catch (error) {
    console.log(`${path}: cannot be read. ${error instanceof Error ? error.message : String(error)}`);
    note(2);
    return;
  }
  const { only } = options;
  const chosen = only === undefined ? vectors : vectors.filter((vector) => matches(vector, only));
  let passed = 0;
  let failed = 0;
  let asTraefik = 0;
  const notApplicable = new Map<string, string[]>();
  console.log(basename(path));
  for (const vector of chosen) {
    const outcome = await judgeVector(vector, kinds);
    switch (outcome.kind) {
      case 'passed':
        passed += 1;
        if (outcome.asTraefik) asTraefik += 1;
        break;
      case 'failed':
        failed += 1;
        printFailure(vector, outcome);
        break;
      case 'notApplicable': {
        const ids = notApplicable.get(outcome.reason) ?? [];
        notApplicable.set(outcome.reason, [...ids, vector.id]);
        break;
      }
      default:
        outcome satisfies never;
    }
  }
  let apart = 0;
  for (const [reason, ids] of notApplicable) {
    apart += ids.length;
    console.log(`\n  not applicable, ${reason}: ${ids.length}\n    ${ids.join(' ')}`);
  }
  if (asTraefik > 0) console.log(`\n  passed with compatibility: traefik: ${asTraefik}`);
  console.log(`\n${basename(path)}: ${passed} passed, ${failed} failed, ${apart} not applicable\n`);
  if (failed > 0) note(1);
}

function matches(vector: Vector, text: string): boolean {
  return vector.id === text || vector.kind === text || JSON.stringify(vector.source ?? '').includes(text);
}

if (files.length === 0) {
  console.log('Name the files: npm run vectors -- FILE...');
  note(2);
}
for (const file of files) await judgeFile(file);
process.exit(exitCode);
