import { createHash } from 'node:crypto';
import type { CertificateRepository, StoredAccount } from '../../store/certificates.ts';
import { canOpen, type KeyVault } from '../key-vault.ts';
import type { CaClient, ConnectCa } from './ca-client.ts';
import { OrderFailure, say } from './failure.ts';
import { makeKey } from './keys.ts';
import { AcmeFault, type Answers, type Question, type Told } from './protocol.ts';
import { type AcmeResolver, authorityOf } from './resolver.ts';

/** An account, registered, with the way to its CA. */
export interface OpenAccount {
  readonly id: string;
  readonly keyPem: string;
  readonly ca: CaClient;
  /** Made in place of one whose key could not be opened any more; told once. */
  readonly isAnew: boolean;
  /** To be called when it is no longer needed; the thread ends a little after the last one. */
  readonly release: () => void;
}

export interface Accounts {
  /** Registers where need be. Rejects with AcmeFault, OrderFailure or OperationError. */
  readonly open: (resolver: AcmeResolver, directoryUrl: string) => Promise<OpenAccount>;
  /** Asks without an account, such as for the directory or about renewal. */
  readonly ask: <Q extends Question>(
    resolver: AcmeResolver,
    directoryUrl: string,
    question: Q,
  ) => Promise<Told<Answers[Q['ask']]>>;
  readonly idOf: (resolver: AcmeResolver, directoryUrl: string) => string;
  /** All threads end; what is under way fails. */
  readonly close: () => Promise<void>;
}

export interface AccountsOptions {
  readonly repository: CertificateRepository;
  readonly vault: KeyVault;
  readonly connect: ConnectCa;
  readonly now: () => number;
  /** The CA's clock, with every answer that tells it. */
  readonly onCaTime: (caTime: number, directoryUrl: string) => void;
}

/** A thread that nobody needs stays so long for whoever comes next. */
const lingerMs = 3000;

interface Link {
  readonly ca: CaClient;
  users: number;
  ending: NodeJS.Timeout | null;
}

export function createAccounts({ repository, vault, connect, now, onCaTime }: AccountsOptions): Accounts {
  const links = new Map<string, Link>();
  const anew = new Set<string>();
  const registering = new Map<string, Promise<void>>();

  /** The same e-mail at the same CA is one account, whatever resolver asks. */
  const idOf = ({ email, eab }: AcmeResolver, directoryUrl: string): string =>
    createHash('sha256')
      .update(`${directoryUrl}\n${email}\n${eab?.kid ?? ''}`)
      .digest('hex')
      .slice(0, 24);

  const accountOf = async (resolver: AcmeResolver, directoryUrl: string): Promise<StoredAccount> => {
    const id = idOf(resolver, directoryUrl);
    const known = repository.accounts.get(id);
    if (known && canOpen(vault, known.key)) return known;
    const key = vault.seal(await makeKey('EC256'));
    const made: StoredAccount = { id, directoryUrl, email: resolver.email, key, url: null, createdAt: now() };
    // Somebody else may have made it while the key was made.
    const meanwhile = repository.accounts.get(id);
    if (meanwhile && canOpen(vault, meanwhile.key)) return meanwhile;
    repository.accounts.put(made);
    if (meanwhile) anew.add(id);
    return made;
  };

  const linkTo = (resolver: AcmeResolver, { id, directoryUrl, url }: StoredAccount, keyPem: string): Link => {
    const key = `${id} ${url ?? ''} ${JSON.stringify(resolver.connection)}`;
    const known = links.get(key);
    if (known) {
      if (known.ending) clearTimeout(known.ending);
      known.ending = null;
      known.users += 1;
      return known;
    }
    const ca = connect(directoryUrl, resolver, { keyPem, url });
    const link: Link = { ca: noting(ca, directoryUrl), users: 1, ending: null };
    links.set(key, link);
    return link;
  };

  const noting = (ca: CaClient, directoryUrl: string): CaClient => ({
    ask: async (question) => {
      try {
        const told = await ca.ask(question);
        if (told.caTime !== null) onCaTime(told.caTime, directoryUrl);
        return told;
      } catch (error) {
        if (error instanceof AcmeFault && error.caTime !== null) onCaTime(error.caTime, directoryUrl);
        throw error;
      }
    },
    close: ca.close,
  });

  const end = (link: Link): void => {
    for (const [key, each] of links) if (each === link) links.delete(key);
    void link.ca.close();
  };

  const letGo = (link: Link): void => {
    link.users -= 1;
    if (link.users === 0) link.ending = setTimeout(() => end(link), lingerMs).unref();
  };

  const register = async (resolver: AcmeResolver, account: StoredAccount, ca: CaClient): Promise<void> => {
    const { directoryUrl } = account;
    const { value: directory } = await ca.ask({ ask: 'directory' });
    const { title } = authorityOf(directoryUrl);
    if (directory.needsEab && resolver.eab === null) {
      throw new OrderFailure(say('ACME_EAB_MISSING', { ca: title }), { retry: 'never' });
    }
    const { value } = await ca.ask({ ask: 'account', email: resolver.email, eab: resolver.eab });
    repository.accounts.put({ ...account, url: value.url });
    repository.uses.add({ at: now(), directoryUrl, account: account.id, kind: 'account', subject: '' });
  };

  const openOnce = async (resolver: AcmeResolver, directoryUrl: string): Promise<OpenAccount> => {
    let account = await accountOf(resolver, directoryUrl);
    const keyPem = vault.open(account.key);
    if (account.url === null) {
      // Two orders that begin at once register once.
      let under = registering.get(account.id);
      if (!under) {
        // With a thread of its own: one that has made an account would never make another.
        const ca = noting(connect(directoryUrl, resolver, { keyPem, url: null }), directoryUrl);
        under = register(resolver, account, ca).finally(() => {
          registering.delete(account.id);
          void ca.close();
        });
        registering.set(account.id, under);
      }
      await under;
      account = repository.accounts.get(account.id) ?? account;
    }
    const link = linkTo(resolver, account, keyPem);
    let isOpen = true;
    const release = (): void => {
      if (isOpen) letGo(link);
      isOpen = false;
    };
    return { id: account.id, keyPem, ca: forgetting(link.ca, account), isAnew: anew.delete(account.id), release };
  };

  /** An account that the CA does not know is registered anew by the next order. */
  const forgetting = (ca: CaClient, account: StoredAccount): CaClient => ({
    ask: async (question) => {
      try {
        return await ca.ask(question);
      } catch (error) {
        if (error instanceof AcmeFault && error.type === 'accountDoesNotExist') {
          repository.accounts.put({ ...account, url: null });
        }
        throw error;
      }
    },
    close: ca.close,
  });

  return {
    idOf,
    open: openOnce,
    ask: async (resolver, directoryUrl, question) => {
      const account = await accountOf(resolver, directoryUrl);
      const link = linkTo(resolver, account, vault.open(account.key));
      try {
        return await link.ca.ask(question);
      } finally {
        letGo(link);
      }
    },
    close: async () => {
      const open = [...links.values()];
      links.clear();
      for (const { ending } of open) if (ending) clearTimeout(ending);
      await Promise.all(open.map(({ ca }) => ca.close()));
    },
  };
}
