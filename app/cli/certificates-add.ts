import type { CertificateProposal, CertificateView, ChallengeType } from '../contract/certificates.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { CommandError, type CommandInput, flagOption, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { findCertificate } from './find-certificate.ts';
import { challengeOption, resolverFields } from './resolver-options.ts';
import { watchOrder } from './watch-order.ts';
import { printJson } from './words.ts';

export async function addCertificate(input: CommandInput, names: readonly string[]): Promise<number> {
  const resolver = textOption(input, 'resolver');
  const email = textOption(input, 'email');
  const challenge = challengeOption(input);
  const fields = await resolverFields(input);
  const isNew = email !== undefined || challenge !== undefined || Object.keys(fields).length > 0;
  if (resolver !== undefined && isNew) {
    throw new UsageError('--resolver says how; leave out --email, --challenge, --dns, --credential and --ca.');
  }
  return withEngine(input, async (client) => {
    const wanted =
      resolver !== undefined
        ? { resolver }
        : isNew
          ? { how: { email: email ?? '', challenge: challenge ?? (await chooseWay(client, input, names)), ...fields } }
          : await existingWay(client, names);
    const { certificate } = await client.certificates.add({ names: [...names], ...wanted });
    return follow(client, input, certificate);
  });
}

export async function renewCertificate(input: CommandInput, subject: string): Promise<number> {
  return withEngine(input, async (client) => {
    const before = await findCertificate(client, subject);
    const { certificate } = await client.certificates.renew({ id: before.id });
    return follow(client, input, certificate, before);
  });
}

async function follow(
  client: GatehouseClient,
  input: CommandInput,
  certificate: CertificateView,
  before: CertificateView | null = null,
): Promise<number> {
  const { terminal } = input;
  if (flagOption(input, 'json')) {
    printJson(terminal, certificate);
    return 0;
  }
  if (flagOption(input, 'no-wait')) {
    terminal.out(`A certificate for ${certificate.names.join(', ')} is on its way. See: gatehouse certificates`);
    return 0;
  }
  return watchOrder(client, terminal, certificate, before);
}

/** The way that can succeed, with the reason in a line; throws where none can, with what stands against each. */
async function chooseWay(
  client: GatehouseClient,
  { terminal }: CommandInput,
  names: readonly string[],
): Promise<ChallengeType> {
  const { ways } = await client.certificates.propose({ names: [...names] });
  const way =
    ways.find(({ verdict }) => verdict === 'proposed') ?? ways.find(({ verdict }) => verdict !== 'impossible');
  if (!way || way.challenge === 'internal') throw nothingToDo(names, ways);
  if (way.challenge === 'dns-01') {
    throw new CommandError(
      `This can be proved only by DNS: ${reasonsOf(way)}`,
      'Say who holds the DNS with --dns PROVIDER. See: gatehouse resolvers providers',
    );
  }
  terminal.out(`${way.challenge}: ${reasonsOf(way)}`);
  return way.challenge;
}

async function existingWay(client: GatehouseClient, names: readonly string[]): Promise<{ readonly resolver: string }> {
  const { resolver, ways } = await client.certificates.propose({ names: [...names] });
  if (resolver !== null) return { resolver };
  if (ways.some(({ challenge, verdict }) => challenge === 'internal' && verdict === 'proposed')) {
    throw nothingToDo(names, ways);
  }
  throw new CommandError(
    'No resolver is set up that could do this.',
    'Say how: --email you@example.org, and --dns PROVIDER for wildcards or where port 80 is closed.',
  );
}

type Way = CertificateProposal['ways'][number];

function reasonsOf({ reasons }: Way): string {
  return reasons.map(({ message }) => message).join(' ');
}

function nothingToDo(names: readonly string[], ways: readonly Way[]): CommandError {
  const internal = ways.find(({ challenge, verdict }) => challenge === 'internal' && verdict === 'proposed');
  if (internal) {
    return new CommandError(
      `${reasonsOf(internal)} The internal authority signs ${names.join(', ')} by itself.`,
      'Trust it on your devices: gatehouse ca export',
    );
  }
  return new CommandError(
    `There is no way to prove ${names.join(', ')}.`,
    ways.map((way) => `${way.challenge}: ${reasonsOf(way)}`).join('\n'),
  );
}
