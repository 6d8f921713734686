import type { CertificateView } from '../contract/certificates.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { certificateState, endsWord, orderLines, renewalWords, stateWord } from './certificate-words.ts';
import { addCertificate, renewCertificate } from './certificates-add.ts';
import { exportCertificate, importCertificates, replaceCertificate } from './certificates-files.ts';
import { type Command, type CommandInput, flagOption, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { findCertificate } from './find-certificate.ts';
import { tableLines } from './table.ts';
import { printJson, printList, problemLines } from './words.ts';

const usage = `gatehouse certificates [list | show NAME | add NAME… | renew NAME | revoke NAME | replace NAME |
                       export NAME | import FROM PATH | remove NAME] [OPTIONS]`;

export const certificates: Command = {
  help: `${usage}

Certificates of all names that are served. NAME is a name in the certificate, or its id.

  list                 all, with what needs attention
  show NAME            one of them, with the steps of its orders
  add NAME…            get one for these names, such as photos.example.org or '*.example.org', and watch it come
  renew NAME           order a new one now, and watch it come
  revoke NAME          have its CA call it invalid; cannot be undone
  replace NAME         bring one from elsewhere in its place; "-" for NAME: beside the others
  export NAME          write it out
  import FROM PATH     take over from traefik (acme.json), certbot (/etc/letsencrypt) or nginx-proxy-manager (its folder)
  remove NAME          forget it and its key; cannot be undone

Options of add:
  --resolver NAME      as this resolver does; see "gatehouse resolvers". Without it, and with none set up:
  --email ADDRESS      for the account at the CA
  --challenge HOW      http, tls or dns; left out: the one that can succeed
  --dns PROVIDER       who holds the DNS, such as cloudflare; see "gatehouse resolvers providers"
  --credential K=V     a field of the DNS provider; may be given more than once; "K=-" reads it from a pipe or asks
  --ca CA              letsencrypt (default), letsencrypt-staging, zerossl, google, buypass, or a directory's address
  --ca-cert FILE       authority to trust that CA's address by
Options of add and renew:
  --no-wait            do not watch
Options of revoke:
  --reason REASON      unspecified, keyCompromise, superseded or cessationOfOperation
Options of replace:
  --cert FILE, --key FILE
Options of export:
  --format FORMAT      pem (the chain, default), key, or pfx (both, with a passphrase)
  --out FILE           else to standard output; not for pfx
  --passphrase TEXT    of the PFX; else it is asked for, or read from a pipe

  --json               objects instead of text`,
  options: {
    resolver: { type: 'string' },
    email: { type: 'string' },
    challenge: { type: 'string' },
    dns: { type: 'string' },
    credential: { type: 'string', multiple: true },
    ca: { type: 'string' },
    'ca-cert': { type: 'string' },
    'no-wait': { type: 'boolean' },
    reason: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    format: { type: 'string' },
    out: { type: 'string', short: 'o' },
    passphrase: { type: 'string' },
    json: { type: 'boolean' },
  },
  positionals: [0, 101],
  async run(input) {
    const [action = 'list', ...subjects] = input.positionals;
    const [subject] = subjects;
    if (action === 'list') return withEngine(input, (client) => list(client, input));
    if (subject === undefined) throw new UsageError(`Something is missing. ${usage}`);
    if (action === 'add') return addCertificate(input, subjects);
    if (action === 'import') return importCertificates(input, subject, subjects[1]);
    if (subjects.length > 1) throw new UsageError(`Too much: ${subjects[1]}. ${usage}`);
    switch (action) {
      case 'show':
        return withEngine(input, (client) => show(client, input, subject));
      case 'renew':
        return renewCertificate(input, subject);
      case 'revoke':
        return revoke(input, subject);
      case 'replace':
        return replaceCertificate(input, subject);
      case 'export':
        return exportCertificate(input, subject);
      case 'remove':
        return remove(input, subject);
      default:
        throw new UsageError(`There is no "${action}". ${usage}`);
    }
  },
};

async function list(client: GatehouseClient, input: CommandInput): Promise<number> {
  const all = await client.certificates.list();
  const { terminal } = input;
  if (flagOption(input, 'json')) {
    printJson(terminal, all);
    return 0;
  }
  if (all.length === 0) {
    terminal.out('No certificates yet. Get one with: gatehouse certificates add photos.example.org --email you@…');
    return 0;
  }
  const now = Date.now();
  const rows = all
    .toSorted((a, b) => rank(a) - rank(b) || (a.notAfter ?? 0) - (b.notAfter ?? 0))
    .map((each) => [
      each.names.join(', '),
      stateWord(terminal, each),
      endsWord(each, now),
      renewalWords(each, now),
      each.issuer,
      each.routers.join(', '),
    ]);
  printList(
    terminal,
    tableLines(['NAMES', 'STATE', 'ENDS', 'RENEWS', 'ISSUER', 'ROUTERS'], rows),
    all.flatMap(({ names, failure }) => (failure ? problemLines(terminal, names[0] ?? '', [failure.problem]) : [])),
  );
  return 0;
}

/** What needs someone first; the internal authority's last. */
function rank(certificate: CertificateView): number {
  if (['failed', 'expired', 'revoked'].includes(certificateState(certificate))) return 0;
  if (['failing', 'expiring', 'pending'].includes(certificateState(certificate))) return 1;
  return certificate.source === 'internal' ? 3 : 2;
}

async function show(client: GatehouseClient, input: CommandInput, subject: string): Promise<number> {
  const { terminal } = input;
  const found = await findCertificate(client, subject);
  const detail = await client.certificates.get({ id: found.id });
  if (flagOption(input, 'json')) {
    printJson(terminal, detail);
    return 0;
  }
  const { certificate, orders } = detail;
  const now = Date.now();
  const facts: readonly (readonly [string, string])[] = [
    ['Names', certificate.names.join(', ')],
    ['State', stateWord(terminal, certificate)],
    ['Ends', endsWord(certificate, now)],
    ['Renews', renewalWords(certificate, now)],
    ['Issuer', certificate.issuer],
    ['Resolver', certificate.resolver ?? ''],
    ['Key', certificate.keyType],
    ['Serial', certificate.serialNumber],
    ['SHA-256', certificate.fingerprint],
    ['Routers', certificate.routers.join(', ') || 'none'],
    ['Id', certificate.id],
  ];
  for (const [name, value] of facts) if (value !== '') terminal.out(`${name.padEnd(9)} ${value}`);
  for (const line of problemLines(terminal, '', certificate.failure ? [certificate.failure.problem] : [])) {
    terminal.out(line);
  }
  for (const order of orders) {
    terminal.out('');
    for (const line of orderLines(terminal, order, now)) terminal.out(line);
  }
  return 0;
}

const reasons = ['unspecified', 'keyCompromise', 'superseded', 'cessationOfOperation'] as const;

async function revoke(input: CommandInput, subject: string): Promise<number> {
  const given = textOption(input, 'reason');
  const reason = reasons.find((each) => each === given);
  if (given !== undefined && reason === undefined) {
    throw new UsageError(`--reason is one of ${reasons.join(', ')}, not "${given}".`);
  }
  return withEngine(input, async (client) => {
    const { id } = await findCertificate(client, subject);
    const { certificate } = await client.certificates.revoke({ id, ...(reason && { reason }) });
    if (flagOption(input, 'json')) printJson(input.terminal, certificate);
    else input.terminal.out(`The certificate of ${certificate.names.join(', ')} is revoked.`);
    return 0;
  });
}

async function remove(input: CommandInput, subject: string): Promise<number> {
  return withEngine(input, async (client) => {
    const { id, names } = await findCertificate(client, subject);
    await client.certificates.remove({ id });
    input.terminal.out(`The certificate of ${names.join(', ')} is removed, and its key.`);
    return 0;
  });
}
