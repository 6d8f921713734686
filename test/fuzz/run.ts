// `npm run fuzz [TARGET…] -- --seconds 600 --seed 1`: changed inputs for everything that reads what strangers send.
import { parseArgs } from 'node:util';
import { fuzz, fuzzWire } from './fuzz.ts';
import { hpack } from './hpack-target.ts';
import { http2 } from './http2-target.ts';
import { targets as inner } from './targets.ts';
import { openAnswers, openForwarder } from './wire-targets.ts';

const targets = [...inner, hpack, http2];
const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const names = [...targets.map(({ name }) => name), 'forwarder', 'answers'];
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`There is no target "${unknown}". There are: ${names.join(', ')}.`);
  process.exit(2);
}
const options = { seconds: Number(values.seconds), seed: Number(values.seed) };
for (const name of positionals.length === 0 ? names : positionals) {
  const target = targets.find((each) => each.name === name);
  const open = name === 'forwarder' ? openForwarder : openAnswers;
  const { inputs, outcomes, failure } = await (target ? fuzz(target, options) : fuzzWire(open, 8, options));
  console.log(`${name}: ${inputs} inputs in ${options.seconds} s, ${outcomes} different outcomes`);
  if (failure !== null) {
    console.log(`${failure.message}\nWith (base64): ${failure.input.toString('base64')}`);
    process.exitCode = 1;
  }
}
