import type { CertificateView } from '../contract/certificates.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { CommandError } from './command.ts';

/** By id, or by one of its names; what a public CA or its owner gave goes before what the internal authority did. */
export async function findCertificate(client: GatehouseClient, asked: string): Promise<CertificateView> {
  const all = await client.certificates.list();
  const byId = all.find(({ id }) => id === asked);
  if (byId) return byId;
  const named = all.filter(({ names }) => names.includes(asked.toLowerCase()));
  const own = named.filter(({ source }) => source !== 'internal');
  const fitting = own.length > 0 ? own : named;
  const [only, another] = fitting;
  if (only && another) {
    const ids = fitting.map(({ id }) => id).join(', ');
    throw new CommandError(`Several certificates have the name ${asked}.`, `Say which by its id: ${ids}`);
  }
  if (only) return only;
  throw new CommandError(`There is no certificate for ${asked}.`, 'See what there is: gatehouse certificates');
}
