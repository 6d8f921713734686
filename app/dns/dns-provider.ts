import type { Secret } from '../secrets/secret.ts';
import type { DnsProviderError } from './dns-error.ts';

/** A TXT record to add or to take away. */
export interface TxtRecord {
  /** The record's full name, with or without the dot at its end: `_acme-challenge.example.org`. */
  readonly fqdn: string;
  readonly value: string;
  /** What is asked for; a provider's own minimum may be higher. 120 where nothing is said. */
  readonly ttlS?: number;
  /** What the value was made from, for the two providers that can hand it on (RAW mode of `httpreq` and `exec`). */
  readonly challenge?: {
    readonly domain: string;
    readonly token: string;
    readonly keyAuthorization: string;
  };
}

export interface AddressRecord {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME';
  readonly value: string;
  readonly ttlS?: number;
}

/** What a look at a provider with the given credentials found. */
export type CheckResult =
  | {
      readonly ok: true;
      /** Zones that can be changed; empty where the provider has no list. */
      readonly zones: readonly string[];
      /** A thing to know that is no failure; null where there is none. */
      readonly note: string | null;
    }
  | { readonly ok: false; readonly error: DnsProviderError };

/**
 * An account at a DNS provider. Every method may be called again after a failure: what is done already is not done
 * twice. Failures are `DnsProviderError`s; an aborted signal throws its reason.
 */
export interface DnsProvider {
  /** Adds a value; other values of the same name stay (an apex and its wildcard are proved at the same time). */
  setTxt(record: TxtRecord, signal: AbortSignal): Promise<void>;
  /** Takes away this value only. One that is gone already is no failure. */
  removeTxt(record: TxtRecord, signal: AbortSignal): Promise<void>;
  /** The name has this one value of this type afterwards. Refused where a CNAME and addresses would stand side by side. */
  upsertAddress(record: AddressRecord, signal: AbortSignal): Promise<void>;
  /** The zones of the account, without the dot at their end. Refused where the provider cannot tell. */
  listZones(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Whether the credentials work. With a domain, a test record is made and taken away beneath it, which is the only proof
   * that they may write. Throws only for an aborted signal.
   */
  check(signal: AbortSignal, domain?: string): Promise<CheckResult>;
}

/** English and French. */
export interface DnsWords {
  readonly en: string;
  readonly fr: string;
}

/** One field of the form that asks for a provider's credentials. */
export interface CredentialField {
  readonly key: string;
  readonly label: DnsWords;
  /** Handed over as a `Secret`, kept in the keychain, never shown again. */
  readonly secret?: true;
  readonly optional?: true;
  /**
   * Not in forms: who may sign in to the dashboard must not thereby run programs, or read and write files, on this
   * machine. Whoever sets the environment may do that anyway.
   */
  readonly environmentOnly?: true;
  /** Says where the provider is, and so who is sent its secrets. Another address needs them typed in again. */
  readonly address?: true;
  readonly placeholder?: string;
  readonly help?: DnsWords;
  /** Where only some values make sense; the first is what counts when nothing is chosen. */
  readonly choices?: readonly string[];
}

/** By field key. Fields that are left out are absent. */
export type DnsCredentials = Readonly<Record<string, string | Secret>>;

/** A record that a person must make, or may take away again. */
export interface ManualRecord {
  readonly action: 'create' | 'remove';
  readonly name: string;
  readonly type: 'TXT' | 'A' | 'AAAA' | 'CNAME';
  readonly value: string;
}

/** What providers are given by their surroundings. Tests set the address and the clock. */
export interface DnsProviderOptions {
  /** In place of the provider's own address. */
  readonly endpoint?: string;
  readonly now?: () => number;
  /** For each request to a web API; half a minute where nothing is said. */
  readonly timeoutMs?: number;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /**
   * Shows the owner what to do (`manual`). `done` aborts when a record to create was seen, or nobody waits for it any
   * more; nobody waits for one to remove.
   */
  readonly askOwner?: (record: ManualRecord, done: AbortSignal) => void;
  /** Where accounts are kept that a provider makes by itself (`acme-dns`): one JSON text. */
  readonly accounts?: {
    read(): Promise<string | null>;
    write(text: string): Promise<void>;
  };
  /** Recursive servers for look-ups (`host:port`); those of the system where there are none. */
  readonly resolvers?: readonly string[];
  /** Port of authoritative servers; tests have one of their own. */
  readonly lookupPort?: number;
}

/** A provider before it has credentials: what is asked for, where that is made, and how it is built. */
export interface DnsProviderDefinition {
  /** As in Traefik's `dnsChallenge.provider` (lego's code). */
  readonly code: string;
  readonly title: string;
  readonly credentials: readonly CredentialField[];
  readonly help: {
    /** What to create, and where. */
    readonly create: DnsWords;
    /** The least rights that are enough. */
    readonly rights: DnsWords;
    /** The page on which it is created; null where there is none. */
    readonly url: string | null;
  };
  /**
   * Holds one TXT value for a whole domain: names that share it (an apex and its wildcard) must be proved one after the
   * other, the first value taken away before the next is set.
   */
  readonly oneAtATime?: true;
  /** By field key: the variables that fill it, the preferred one first. Each also counts with `_FILE` at its end.
   * `endpoint`, the API's address, has no field. */
  readonly environment: Readonly<Record<string, readonly string[]>>;
  /** Throws a `DnsProviderError` (`credentials`) that says which field is missing or wrong. */
  create(credentials: DnsCredentials, options?: DnsProviderOptions): DnsProvider;
}
