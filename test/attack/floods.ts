import { attackNames, crowds } from './floods/attacks.ts';
import { grantedDescriptors } from './floods/descriptors.ts';
import { crowdConnections, type FloodOutcome, flood, shortSeconds } from './floods/flood.ts';

/** Of well-behaved clients' requests, in the same time as the attack. */
const goalPercent = 95;
/** Of memory, above what Gatehouse has when nothing happens. */
const goalMegabytes = 1000;
/** That are open at once, in the crowd that has no other bound than the system's. */
const goalConnections = 20_000;
const unboundedCrowd = crowds.find((name) => name.startsWith('as many'));
/** What the process needs beside connections, by the product's own reckoning and a little more. */
const keptBack = 1200;

/** Every attack in turn, or those named, each on a Gatehouse of its own. */
export async function floods(
  files: Parameters<typeof flood>[1],
  secondsEach: number,
  only: readonly string[],
): Promise<readonly FloodOutcome[]> {
  const outcomes: FloodOutcome[] = [];
  const names = attackNames.filter((name) => only.length === 0 || only.some((part) => name.includes(part)));
  for (const [n, name] of names.entries()) {
    process.stderr.write(`${n + 1} of ${names.length}: ${name}…\n`);
    outcomes.push(await flood(name, files, secondsEach));
  }
  return outcomes;
}

/** What an attack came to that it must not, in words. */
export function missed({
  attack,
  good,
  sent,
  memory,
  isAlive,
  named,
  attacker,
  openAtOnce,
}: FloodOutcome): readonly string[] {
  const served = (good * 100) / Math.max(1, sent);
  const descriptors = grantedDescriptors();
  return [
    ...(isAlive ? [] : ['Gatehouse did not answer at its end']),
    ...(sent > 0 && served >= goalPercent ? [] : [`${served.toFixed(1)} % were served`]),
    ...(memory.peak - memory.before < goalMegabytes
      ? []
      : [`${(memory.peak - memory.before).toFixed(0)} MB were taken`]),
    ...(named.length > 0 ? [] : ['the log did not name it']),
    ...(!crowds.includes(attack) || attacker.tried >= goalConnections
      ? []
      : [`only ${attacker.tried} connections were tried`]),
    ...(attack !== unboundedCrowd || openAtOnce >= Math.min(goalConnections, descriptors - keptBack)
      ? []
      : [`only ${openAtOnce} connections were open at once`]),
  ];
}

export const isHeld = (outcome: FloodOutcome): boolean => missed(outcome).length === 0;

/** As Markdown. */
export function floodsTable(outcomes: readonly FloodOutcome[], secondsEach: number): string {
  const rows = outcomes.map((outcome) => {
    const { attack, good, sent, p99Ms, memory, cpu, named, statuses, attacker, openAtOnce } = outcome;
    const served = `${((good * 100) / Math.max(1, sent)).toFixed(1)}${isHeld(outcome) ? '' : ' **missed**'}`;
    const megabytes = [memory.before, memory.peak, memory.after].map((each) => each.toFixed(0)).join(' / ');
    const connections = `${attacker.tried} / ${attacker.opened} / ${openAtOnce}`;
    const cells = [served, p99Ms?.toFixed(0) ?? '', megabytes, cpu.toFixed(2), connections];
    return `| ${attack} | ${cells.join(' | ')} | ${named.join('; ')} | ${statuses.join('; ')} |`;
  });
  const misses = outcomes.flatMap((outcome) =>
    isHeld(outcome) ? [] : [`${outcome.attack} (${missed(outcome).join(', ')})`],
  );
  return [
    `Each attack lasts ${secondsEach} s (the crowd of used connections longer, until it is there), from addresses of 127.0.0.0/8, on a Gatehouse of its own with two workers and
default limits, save that slow heads, handshakes, unread answers and servers have ${shortSeconds} s, so that those limits are met in
that time. Meanwhile well-behaved clients ask for something small, with TLS and without, on new and on kept connections;
what is not answered rightly within 5 s is not served. Attackers, clients and the server behind run on the same machine.`,
    `Goal: ${goalPercent} % served, less than ${goalMegabytes} MB of memory taken, the attack named in the log with its count. ${
      misses.length === 0 ? 'Met by all.' : `Missed by ${misses.join('; ')}.`
    }`,
    [
      '| attack | served % | p99 ms | MB before / peak / after | cores | connections tried / opened / at once in Gatehouse | named in the log, and how often | statuses |',
      '|---|--:|--:|--:|--:|--:|---|---|',
      ...rows,
    ].join('\n'),
    descriptorsText(outcomes),
  ].join('\n\n');
}

function descriptorsText(outcomes: readonly FloodOutcome[]): string {
  const descriptors = grantedDescriptors();
  const most = outcomes.find(({ attack }) => attack === unboundedCrowd)?.openAtOnce;
  const crowd = `A process here may have ${descriptors} files and sockets open. A crowd is ${crowdConnections} connections, kept up by several
processes, and opened anew where they were closed. What is at once in Gatehouse is counted there.`;
  if (most === undefined) return crowd;
  if (descriptors - keptBack >= goalConnections) return `${crowd} ${most} were open at once, goal ${goalConnections}.`;
  return `${crowd} So ${goalConnections} open at once in one process cannot be had
here: ${most} were, which is what the system leaves room for.`;
}
