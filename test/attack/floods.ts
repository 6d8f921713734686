import { attackNames } from './floods/attacks.ts';
import { type FloodOutcome, flood } from './floods/flood.ts';

/** Of well-behaved clients' requests, in the same time as the attack. */
const goalPercent = 95;
/** Of memory, above what Gatehouse has when nothing happens. */
const goalMegabytes = 1000;

/** Every attack in turn, each on a Gatehouse of its own. */
export async function floods(
  files: Parameters<typeof flood>[1],
  secondsEach: number,
): Promise<readonly FloodOutcome[]> {
  const outcomes: FloodOutcome[] = [];
  for (const [n, name] of attackNames.entries()) {
    process.stderr.write(`${n + 1} of ${attackNames.length}: ${name}…\n`);
    outcomes.push(await flood(name, files, secondsEach));
  }
  return outcomes;
}

export function isHeld({ good, sent, memory, isAlive }: FloodOutcome): boolean {
  return isAlive && sent > 0 && (good * 100) / sent >= goalPercent && memory.peak - memory.before < goalMegabytes;
}

/** As Markdown. */
export function floodsTable(outcomes: readonly FloodOutcome[], secondsEach: number): string {
  const rows = outcomes.map((outcome) => {
    const { attack, good, sent, p99Ms, memory, cpu, named, attacker } = outcome;
    const served = `${((good * 100) / Math.max(1, sent)).toFixed(1)}${isHeld(outcome) ? '' : ' **missed**'}`;
    const megabytes = [memory.before, memory.peak, memory.after].map((each) => each.toFixed(0)).join(' / ');
    const cells = [served, p99Ms?.toFixed(0) ?? '', megabytes, cpu.toFixed(2), `${attacker.opened} / ${attacker.most}`];
    return `| ${attack} | ${cells.join(' | ')} | ${named.join('; ')} |`;
  });
  const missed = outcomes.filter((outcome) => !isHeld(outcome));
  return [
    `Each attack lasts ${secondsEach} s, from addresses of 127.0.0.0/8, on a Gatehouse of its own with two workers and
default limits, save that slow heads, handshakes and unread answers have 5 s, so that those limits are met in that time.
Meanwhile well-behaved clients ask for something small, with TLS and without, on new and on kept connections; what is
not answered rightly within 5 s is not served. Attackers, clients and the server behind run on the same machine.`,
    `Goal: ${goalPercent} % served, and less than ${goalMegabytes} MB of memory taken. ${
      missed.length === 0 ? 'Met by all.' : `Missed by ${missed.map(({ attack }) => attack).join(', ')}.`
    }`,
    [
      '| attack | served % | p99 ms | MB before / peak / after | cores | connections opened / at once | named, and how often |',
      '|---|--:|--:|--:|--:|--:|---|',
      ...rows,
    ].join('\n'),
    `A process here may have ${descriptorLimit()} descriptors: crowds of connections come from two processes, as many as
that allows, and not in one second.`,
  ].join('\n\n');
}

function descriptorLimit(): string {
  const limits = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly hard: number | string } };
  };
  return String(limits.userLimits?.open_files?.hard ?? 'some');
}
