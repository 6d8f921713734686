import type { CertificateFailure, Order, Renewal } from '../contract/certificates.ts';
import type { Connection } from './connection.ts';

/** A certificate that is wanted, had or not. */
export interface StoredCertificate {
  readonly id: string;
  /** Null: somebody brought it. */
  readonly resolver: string | null;
  /** The first is the main one. */
  readonly names: readonly string[];
  /** A person asked for it: stays without a router. */
  readonly byHand: boolean;
  readonly issued: StoredIssued | null;
  readonly renewal: Renewal | null;
  /** When the CA is to be asked about renewal again; null: it says nothing of it. */
  readonly askCaAt: number | null;
  /** Of the last orders, until one succeeds. */
  readonly failure: CertificateFailure | null;
  readonly unusedSince: number | null;
  readonly revokedAt: number | null;
  readonly createdAt: number;
}

export interface StoredIssued {
  /** PEM, the certificate first. */
  readonly chain: string;
  /** Sealed. */
  readonly key: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** The CA that made it; empty for one that somebody brought. */
  readonly directoryUrl: string;
}

/** An order with all that is needed to go on with it after the process was killed. */
export interface StoredOrder extends Order {
  readonly certificateId: string;
  readonly directoryUrl: string;
  /** For nothing, at the CA's staging, so that mistakes do not count. */
  readonly isTrial: boolean;
  /** Of the certificate to come, sealed; null once it was taken over. */
  readonly key: string | null;
  /** Null until the CA has answered; then what the CA calls it. */
  readonly url: string | null;
  /** Whether the CA may have been asked for it already. */
  readonly isAsked: boolean;
  /** Certificate that it stands for, as RFC 9773 names it. */
  readonly replaces: string | null;
  /** TXT records that are to be taken away again. */
  readonly records: readonly { readonly fqdn: string; readonly value: string }[];
}

export interface StoredAccount {
  readonly id: string;
  readonly directoryUrl: string;
  readonly email: string;
  /** Sealed. */
  readonly key: string;
  /** Null until it is registered. */
  readonly url: string | null;
  readonly createdAt: number;
}

/** Something that counts against a CA's limits. */
export interface StoredUse {
  readonly at: number;
  readonly directoryUrl: string;
  readonly account: string;
  readonly kind: 'order' | 'certificate' | 'failed-validation' | 'account' | 'trial';
  /** A name, a registered domain or a set of names, as the kind has it. */
  readonly subject: string;
}

export interface CertificateRepository {
  /** Oldest first. */
  readonly list: () => readonly StoredCertificate[];
  readonly get: (id: string) => StoredCertificate | undefined;
  readonly put: (certificate: StoredCertificate) => void;
  /** All of them or none. */
  readonly putAll: (certificates: readonly StoredCertificate[]) => void;
  /** Its orders, too. */
  readonly remove: (id: string) => boolean;
  readonly orders: {
    /** Of one certificate, newest first. */
    readonly of: (certificateId: string) => readonly StoredOrder[];
    /** Under way, oldest first. */
    readonly open: () => readonly StoredOrder[];
    readonly put: (order: StoredOrder) => void;
  };
  readonly accounts: {
    readonly list: () => readonly StoredAccount[];
    readonly get: (id: string) => StoredAccount | undefined;
    readonly put: (account: StoredAccount) => void;
  };
  readonly resolvers: {
    /** By name; each JSON as it was put. */
    readonly list: () => readonly { readonly name: string; readonly config: unknown }[];
    readonly put: (name: string, config: unknown, now: number) => void;
    readonly remove: (name: string) => boolean;
  };
  readonly uses: {
    readonly since: (time: number) => readonly StoredUse[];
    /** Forgets those of more than eight days before. */
    readonly add: (use: StoredUse) => void;
  };
}

interface CertificateRow {
  readonly id: string;
  readonly resolver: string | null;
  readonly names: string;
  readonly by_hand: number;
  readonly chain: string | null;
  readonly key: string | null;
  readonly not_before: number | null;
  readonly not_after: number | null;
  readonly rest: string;
  readonly created_at: number;
}

type CertificateRest = Pick<StoredCertificate, 'renewal' | 'askCaAt' | 'failure' | 'unusedSince' | 'revokedAt'> &
  Pick<StoredIssued, 'directoryUrl'>;

interface OrderRow {
  readonly id: string;
  readonly certificate: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly key: string | null;
  readonly rest: string;
}

type OrderRest = Omit<StoredOrder, 'id' | 'certificateId' | 'startedAt' | 'endedAt' | 'key'>;

const ordersKept = 20;
const usesKeptMs = 8 * 86_400_000;

export function createCertificateRepository(connection: Connection): CertificateRepository {
  const { db, write } = connection;
  const list = db.prepare<[], CertificateRow>('SELECT * FROM certificates ORDER BY created_at, id');
  const get = db.prepare<[string], CertificateRow>('SELECT * FROM certificates WHERE id = ?');
  const remove = db.prepare<[string]>('DELETE FROM certificates WHERE id = ?');
  const removeOrders = db.prepare<[string]>('DELETE FROM certificate_orders WHERE certificate = ?');
  const put = db.prepare<[CertificateRow]>(
    `INSERT INTO certificates VALUES (@id, @resolver, @names, @by_hand, @chain, @key, @not_before, @not_after, @rest,
       @created_at)
     ON CONFLICT (id) DO UPDATE SET resolver = @resolver, names = @names, by_hand = @by_hand, chain = @chain, key = @key,
       not_before = @not_before, not_after = @not_after, rest = @rest`,
  );
  return {
    list: () => list.all().map(certificateOf),
    get: (id) => {
      const row = get.get(id);
      return row && certificateOf(row);
    },
    put: (certificate) => {
      write(() => put.run(certificateRow(certificate)));
    },
    putAll: (certificates) => {
      write(() => {
        for (const each of certificates) put.run(certificateRow(each));
      });
    },
    remove: (id) =>
      write(() => {
        removeOrders.run(id);
        return remove.run(id).changes > 0;
      }),
    orders: orderRepository(connection),
    accounts: accountRepository(connection),
    resolvers: resolverRepository(connection),
    uses: useRepository(connection),
  };
}

function certificateOf(row: CertificateRow): StoredCertificate {
  const { directoryUrl, ...rest } = JSON.parse(row.rest) as CertificateRest;
  const { chain, key, not_before: notBefore, not_after: notAfter } = row;
  const isThere = chain !== null && key !== null && notBefore !== null && notAfter !== null;
  return {
    id: row.id,
    resolver: row.resolver,
    names: JSON.parse(row.names) as readonly string[],
    byHand: row.by_hand === 1,
    issued: isThere ? { chain, key, notBefore, notAfter, directoryUrl } : null,
    ...rest,
    createdAt: row.created_at,
  };
}

function certificateRow(certificate: StoredCertificate): CertificateRow {
  const { id, resolver, names, byHand, issued, createdAt, ...others } = certificate;
  const { renewal, askCaAt, failure, unusedSince, revokedAt } = others;
  const directoryUrl = issued?.directoryUrl ?? '';
  const rest: CertificateRest = { renewal, askCaAt, failure, unusedSince, revokedAt, directoryUrl };
  return {
    id,
    resolver,
    names: JSON.stringify(names),
    by_hand: byHand ? 1 : 0,
    chain: issued?.chain ?? null,
    key: issued?.key ?? null,
    not_before: issued?.notBefore ?? null,
    not_after: issued?.notAfter ?? null,
    rest: JSON.stringify(rest),
    created_at: createdAt,
  };
}

function orderRepository({ db, write }: Connection): CertificateRepository['orders'] {
  const of = db.prepare<[string], OrderRow>(
    'SELECT * FROM certificate_orders WHERE certificate = ? ORDER BY started_at DESC, rowid DESC',
  );
  const open = db.prepare<[], OrderRow>('SELECT * FROM certificate_orders WHERE ended_at IS NULL ORDER BY started_at');
  const put = db.prepare<[OrderRow]>(
    `INSERT INTO certificate_orders VALUES (@id, @certificate, @started_at, @ended_at, @key, @rest)
     ON CONFLICT (id) DO UPDATE SET ended_at = @ended_at, key = @key, rest = @rest`,
  );
  const prune = db.prepare<{ certificate: string; most: number }>(
    `DELETE FROM certificate_orders WHERE certificate = @certificate AND ended_at IS NOT NULL AND id NOT IN
       (SELECT id FROM certificate_orders WHERE certificate = @certificate ORDER BY started_at DESC, rowid DESC LIMIT @most)`,
  );
  return {
    of: (certificateId) => of.all(certificateId).map(orderOf),
    open: () => open.all().map(orderOf),
    put: (order) => {
      const { id, certificateId, startedAt, endedAt, key, ...rest } = order;
      write(() => {
        put.run({
          id,
          certificate: certificateId,
          started_at: startedAt,
          ended_at: endedAt,
          key,
          rest: JSON.stringify(rest satisfies OrderRest),
        });
        if (endedAt !== null) prune.run({ certificate: certificateId, most: ordersKept });
      });
    },
  };
}

function orderOf(row: OrderRow): StoredOrder {
  return {
    id: row.id,
    certificateId: row.certificate,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    key: row.key,
    ...(JSON.parse(row.rest) as OrderRest),
  };
}

interface AccountRow {
  readonly id: string;
  readonly directory_url: string;
  readonly email: string;
  readonly key: string;
  readonly url: string | null;
  readonly created_at: number;
}

function accountRepository({ db, write }: Connection): CertificateRepository['accounts'] {
  const list = db.prepare<[], AccountRow>('SELECT * FROM acme_accounts ORDER BY created_at, id');
  const get = db.prepare<[string], AccountRow>('SELECT * FROM acme_accounts WHERE id = ?');
  const put = db.prepare<[AccountRow]>(
    `INSERT INTO acme_accounts VALUES (@id, @directory_url, @email, @key, @url, @created_at)
     ON CONFLICT (id) DO UPDATE SET key = @key, url = @url`,
  );
  return {
    list: () => list.all().map(accountOf),
    get: (id) => {
      const row = get.get(id);
      return row && accountOf(row);
    },
    put: ({ id, directoryUrl, email, key, url, createdAt }) => {
      write(() => put.run({ id, directory_url: directoryUrl, email, key, url, created_at: createdAt }));
    },
  };
}

function accountOf({
  id,
  directory_url: directoryUrl,
  email,
  key,
  url,
  created_at: createdAt,
}: AccountRow): StoredAccount {
  return { id, directoryUrl, email, key, url, createdAt };
}

function resolverRepository({ db, write }: Connection): CertificateRepository['resolvers'] {
  const list = db.prepare<[], { name: string; config: string }>(
    'SELECT name, config FROM acme_resolvers ORDER BY name',
  );
  const remove = db.prepare<[string]>('DELETE FROM acme_resolvers WHERE name = ?');
  const put = db.prepare<{ name: string; config: string; now: number }>(
    `INSERT INTO acme_resolvers VALUES (@name, @config, @now, @now)
     ON CONFLICT (name) DO UPDATE SET config = @config, updated_at = @now`,
  );
  return {
    list: () => list.all().map(({ name, config }) => ({ name, config: JSON.parse(config) as unknown })),
    put: (name, config, now) => {
      write(() => put.run({ name, config: JSON.stringify(config), now }));
    },
    remove: (name) => write(() => remove.run(name).changes > 0),
  };
}

interface UseRow {
  readonly at: number;
  readonly directory_url: string;
  readonly account: string;
  readonly kind: StoredUse['kind'];
  readonly subject: string;
}

function useRepository({ db, write }: Connection): CertificateRepository['uses'] {
  const since = db.prepare<[number], UseRow>(
    'SELECT at, directory_url, account, kind, subject FROM acme_uses WHERE at >= ? ORDER BY at, seq',
  );
  const add = db.prepare<[UseRow]>(
    `INSERT INTO acme_uses (at, directory_url, account, kind, subject)
     VALUES (@at, @directory_url, @account, @kind, @subject)`,
  );
  const prune = db.prepare<[number]>("DELETE FROM acme_uses WHERE at < ? AND kind <> 'trial'");
  return {
    since: (time) => since.all(time).map(({ directory_url: directoryUrl, ...use }) => ({ ...use, directoryUrl })),
    add: ({ directoryUrl, ...use }) => {
      write(() => {
        add.run({ ...use, directory_url: directoryUrl });
        prune.run(use.at - usesKeptMs);
      });
    },
  };
}
