import type { DnsProviderView, ResolverView } from '../contract/certificates.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { type Command, CommandError, type CommandInput, flagOption, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { challengeOption, resolverFields } from './resolver-options.ts';
import { tableLines } from './table.ts';
import { printJson, printList, problemLines, span } from './words.ts';

const usage = 'gatehouse resolvers [list | set NAME | check NAME | remove NAME | providers [CODE]] [OPTIONS]';

export const resolvers: Command = {
  help: `${usage}

How certificates are had: an account at a CA, and how names are proved to it.

  list                 all, with what remains of the CA's limits
  set NAME             make or change one; those of the configuration file are changed there
  check NAME           ask its CA and its DNS provider whether they answer; changes nothing
  remove NAME          take one away; its certificates stay until their end
  providers [CODE]     the DNS providers; one of them with its fields, and what to create where

Options of set:
  --email ADDRESS      for the account
  --challenge HOW      http, tls or dns
  --dns PROVIDER       who holds the DNS
  --credential K=V     a field of the DNS provider; may be given more than once; "K=-" reads it from a pipe or asks
  --ca CA              letsencrypt (default), letsencrypt-staging, zerossl, google, buypass, or a directory's address
  --ca-cert FILE       authority to trust that CA's address by
  --key-type TYPE      EC256 (default), EC384, RSA2048, RSA3072, RSA4096, RSA8192
  --profile NAME       of the CA, such as shortlived
  --eab-kid ID, --eab-hmac KEY   where the CA binds accounts to one on its own site

  --json               objects instead of text`,
  options: {
    email: { type: 'string' },
    challenge: { type: 'string' },
    dns: { type: 'string' },
    credential: { type: 'string', multiple: true },
    ca: { type: 'string' },
    'ca-cert': { type: 'string' },
    'key-type': { type: 'string' },
    profile: { type: 'string' },
    'eab-kid': { type: 'string' },
    'eab-hmac': { type: 'string' },
    json: { type: 'boolean' },
  },
  positionals: [0, 2],
  run(input) {
    const [action = 'list', name] = input.positionals;
    if (action === 'list') return withEngine(input, (client) => list(client, input));
    if (action === 'providers') return withEngine(input, (client) => providers(client, input, name));
    if (name === undefined) throw new UsageError(`Something is missing. ${usage}`);
    switch (action) {
      case 'set':
        return set(input, name);
      case 'check':
        return withEngine(input, (client) => check(client, input, name));
      case 'remove':
        return withEngine(input, async (client) => {
          await client.resolvers.remove({ name });
          input.terminal.out(`The resolver ${name} is removed. Its certificates stay until their end.`);
          return 0;
        });
      default:
        throw new UsageError(`There is no "${action}". ${usage}`);
    }
  },
};

async function list(client: GatehouseClient, input: CommandInput): Promise<number> {
  const { terminal } = input;
  const all = await client.resolvers.list();
  if (flagOption(input, 'json')) {
    printJson(terminal, all);
    return 0;
  }
  if (all.length === 0) {
    terminal.out('No resolvers. "gatehouse certificates add NAME --email you@example.org" makes one.');
    return 0;
  }
  const rows = all.map((each) => [
    each.name,
    each.ca.title,
    each.dnsProvider === null ? each.challenge : `${each.challenge} at ${each.dnsProvider}`,
    each.account.state,
    each.email || '-',
    each.source === 'static' ? 'configuration file' : 'set up here',
  ]);
  printList(
    terminal,
    [...tableLines(['RESOLVER', 'CA', 'CHALLENGE', 'ACCOUNT', 'E-MAIL', 'FROM'], rows), ...all.flatMap(limitLines)],
    all.flatMap(({ name, problems }) => problemLines(terminal, name, problems)),
  );
  return 0;
}

function limitLines({ name, limits }: ResolverView): string[] {
  const now = Date.now();
  return limits.map(({ limit, subject, remaining, of, nextAt }) => {
    const what = subject === '' ? limit : `${limit} (${subject})`;
    const next = nextAt === null ? '' : `, one more in ${span(Math.max(0, nextAt - now))}`;
    return `${name}: ${remaining} of ${of} ${what} left${next}`;
  });
}

async function set(input: CommandInput, name: string): Promise<number> {
  const given = challengeOption(input);
  const email = textOption(input, 'email');
  const fields = await resolverFields(input);
  return withEngine(input, async (client) => {
    const before = (await client.resolvers.list()).find((each) => each.name === name);
    const challenge = given ?? before?.challenge;
    if (!challenge) throw new UsageError('Say how names are proved: --challenge http, tls or dns.');
    const made = await client.resolvers.set({ name, email: email ?? before?.email ?? '', challenge, ...fields });
    if (flagOption(input, 'json')) printJson(input.terminal, made);
    else input.terminal.out(`${made.name}: ${made.ca.title}, ${made.challenge}${made.email && `, ${made.email}`}`);
    return 0;
  });
}

async function check(client: GatehouseClient, input: CommandInput, name: string): Promise<number> {
  const { terminal } = input;
  const result = await client.resolvers.check({ name });
  if (flagOption(input, 'json')) printJson(terminal, result);
  else {
    if (result.ok) terminal.out(`${terminal.paint('good', 'It works.')} ${result.zones.join(', ')}`.trimEnd());
    if (result.note !== null) terminal.out(result.note);
    for (const line of problemLines(terminal, name, result.problems)) terminal.out(line);
  }
  return result.ok ? 0 : 1;
}

async function providers(client: GatehouseClient, input: CommandInput, code: string | undefined): Promise<number> {
  const { terminal } = input;
  const all = await client.dnsProviders.list();
  const one = all.find((each) => each.code === code);
  if (code !== undefined && !one) {
    throw new CommandError(`There is no DNS provider "${code}".`, 'See what there is: gatehouse resolvers providers');
  }
  if (flagOption(input, 'json')) printJson(terminal, one ?? all);
  else if (one) for (const line of providerLines(one)) terminal.out(line);
  else {
    const rows = all.map((each) => [each.code, each.title, each.credentials]);
    for (const line of tableLines(['PROVIDER', 'TITLE', 'CREDENTIALS'], rows)) terminal.out(line);
  }
  return 0;
}

function providerLines({ title, help, helpUrl, rights, fields }: DnsProviderView): string[] {
  return [
    title,
    `  ${help.en}`,
    ...(helpUrl === null ? [] : [`  ${helpUrl}`]),
    `  Least rights: ${rights.en}`,
    '',
    ...tableLines(
      ['FIELD', 'WHAT', 'NEEDED', 'ENVIRONMENT'],
      fields.map(({ key, label, optional, variables }) => [
        key,
        label.en,
        optional ? 'optional' : 'yes',
        variables.join(', '),
      ]),
    ),
  ];
}
