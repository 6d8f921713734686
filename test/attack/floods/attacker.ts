// One attacker, as a process of its own: `attacker.ts NAME TARGET`, the target as JSON. Prints what it saw as JSON.
import { attackNamed } from './attacks.ts';
import { attackWith } from './connections.ts';
import type { Target } from './target.ts';

const [name = '', text = '{}', spare = '10000'] = process.argv.slice(2);
const target = JSON.parse(text) as Target;
process.stdout.write(`${JSON.stringify(await attackWith(attackNamed(name, target.host, Number(spare)), target))}\n`);
process.exit(0);
