import type { CredentialField, DnsProviderDefinition } from '../app/dns/dns-provider.ts';
import { allDnsProviders } from '../app/dns/table.ts';

const opening = `# DNS providers

Certificates for \`*.example.org\`, and for names that nobody reaches from outside, are proved by a TXT record at
\`_acme-challenge.example.org\`. Gatehouse makes that record at your DNS provider and takes it away again; other records
stay as they are. Credentials are typed in on the page Certificates, where a button checks them, or read from the
environment under the names that Traefik and lego use. Each variable may also end in \`_FILE\` and name a file that holds
the value. What is typed in goes before the environment.

In Traefik's static configuration, the code in brackets is the provider:

\`\`\`yaml
certificatesResolvers:
  home:
    acme:
      email: you@example.org
      dnsChallenge: { provider: desec }
\`\`\`

Credentials that can do little are better than those that can do all: most providers can limit a token to one zone.
Where yours cannot, make \`_acme-challenge.example.org\` an alias (CNAME) of a name in a zone of its own, at a provider
that can: Gatehouse follows it and makes the record there. acme-dns is made for this.

Not read: variables that set times (\`…_TTL\`, \`…_PROPAGATION_TIMEOUT\`, \`…_POLLING_INTERVAL\`, \`…_HTTP_TIMEOUT\`), as
Gatehouse asks the domain's own name servers until all of them have the record; AWS profiles, roles and shared files;
Kerberos (GSS-TSIG); \`ACME_DNS_STORAGE_BASE_URL\`.
`;

/** docs/dns-providers.md, from the definitions of the providers. */
export async function dnsProvidersPage(): Promise<string> {
  const all = (await allDnsProviders()).toSorted((a, b) => a.title.localeCompare(b.title, 'en'));
  return [opening, ...all.map(section)].join('\n');
}

function section(definition: DnsProviderDefinition): string {
  const { title, code, help, credentials, environment, oneAtATime } = definition;
  const where = help.url === null ? '' : ` <${help.url}>`;
  const address = environment['endpoint'];
  const lines = [
    `## ${title} (\`${code}\`)`,
    '',
    `- **Create**: ${help.create.en}${where}`,
    `- **Rights**: ${help.rights.en}`,
    ...(oneAtATime === true
      ? ['- **Note**: it holds one TXT value for a domain, so names below one domain are proved one after the other.']
      : []),
    ...(address ? [`- **Address of the API**, where it is not the usual one: ${address.map(asCode).join(', ')}`] : []),
    '',
  ];
  if (credentials.length === 0) return lines.join('\n');
  const rows = credentials.map((field) => row(field, environment[field.key] ?? []));
  return [...lines, '| field | variables | |', '|---|---|---|', ...rows, ''].join('\n');
}

function row({ label, optional, secret, help, choices }: CredentialField, variables: readonly string[]): string {
  const notes = [
    optional === true ? 'optional' : '',
    secret === true ? 'secret' : '',
    choices ? `one of ${choices.map(asCode).join(', ')}` : '',
    help?.en ?? '',
  ].filter((note) => note !== '');
  const text = notes.map((note, index) => (index === notes.length - 1 ? note.replace(/\.$/, '') : note)).join('; ');
  return `| ${label.en} | ${variables.map(asCode).join(', ')} | ${text} |`;
}

const asCode = (text: string): string => `\`${text}\``;
