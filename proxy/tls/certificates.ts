import { createHmac } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateSnapshot } from '../model/snapshot.ts';

/** The certificates of all TLS entry points, replaced while they serve. */
export interface CertificateStore {
  /** Returns what could not be used, in words. The certificates that were there under those ids are gone as well. */
  change(upsert: readonly CertificateSnapshot[], remove: readonly string[]): Unusable[];
  /**
   * The context for a server name in any case: the certificate with exactly that name, else the one with a wildcard for
   * its last labels, else the default one. Undefined where there is no certificate at all. Never throws.
   */
  select(serverName: string): SecureContext | undefined;
  /** The same with the certificate itself. `isFallback`: no certificate has the name. */
  find(serverName: string): FoundCertificate | undefined;
  /**
   * What session tickets are sealed with, so that every worker knows those of the others; replaced from time to time.
   */
  setTicketSecret(secret: string): void;
  /**
   * Ticket keys of servers with these TLS options, 48 bytes; null: each server has its own. Servers with other options
   * have other keys: a session that was begun without a client certificate must not go on where one is asked for.
   */
  ticketKeys(optionsKey: string): Buffer | null;
  /** The default certificate's key material, for clients that send no server name. */
  defaultPem(): { cert: string; key: string } | null;
}

/** A certificate that could not be used, and why. */
export interface Unusable {
  readonly id: string;
  readonly message: string;
}

export interface FoundCertificate {
  readonly certificate: CertificateSnapshot;
  readonly context: SecureContext;
  readonly isFallback: boolean;
}

interface Entry {
  readonly certificate: CertificateSnapshot;
  /** Null: not visited yet. */
  context: SecureContext | null;
}

/**
 * `onUnusable` is told of one that was taken as good, and turned out at its first visitor not to be; it is served no
 * more.
 */
export function createCertificateStore(onUnusable: (failure: Unusable) => void = () => undefined): CertificateStore {
  const byId = new Map<string, Entry>();
  const byName = new Map<string, Entry>();
  let fallback: Entry | null = null;
  let ticketSecret: string | null = null;

  /** Where two hold one name, the one that came last serves it. */
  const index = (entry: Entry): void => {
    for (const name of lowerNames(entry)) byName.set(name, entry);
  };

  const reindex = (): void => {
    byName.clear();
    fallback = null;
    for (const entry of byId.values()) {
      if (entry.certificate.isDefault) fallback = entry;
      else index(entry);
    }
    if (fallback === null) return;
    for (const name of lowerNames(fallback)) if (!byName.has(name)) byName.set(name, fallback);
  };

  const find = (serverName: string): FoundCertificate | undefined => {
    const lower = serverName.toLowerCase();
    const name = lower.endsWith('.') ? lower.slice(0, -1) : lower;
    const dot = name.indexOf('.');
    for (;;) {
      const named = byName.get(name) ?? (dot > 0 ? byName.get(`*${name.slice(dot)}`) : undefined);
      const entry = named ?? fallback;
      if (!entry) return undefined;
      try {
        entry.context ??= contextOf(entry.certificate);
        return { certificate: entry.certificate, context: entry.context, isFallback: named === undefined };
      } catch (error) {
        byId.delete(entry.certificate.id);
        reindex();
        onUnusable(unusable(entry.certificate, error));
      }
    }
  };

  return {
    find,
    change(upsert, remove) {
      const failures: Unusable[] = [];
      // Only what goes, or changes its place, can uncover another that holds the same name.
      let uncovers = false;
      const forget = (id: string): void => {
        if (byId.delete(id)) uncovers = true;
      };
      for (const id of remove) forget(id);
      const added: Entry[] = [];
      for (const certificate of upsert) {
        forget(certificate.id);
        try {
          // Made now and not at the first visit: a key that does not fit is then known before a visitor meets it.
          // Not so for those that were judged before: a thousand hosts would keep a worker from its visitors for half a
          // second.
          const isLater = (certificate.isOwn || certificate.isJudged) && !certificate.isDefault;
          const entry = { certificate, context: isLater ? null : contextOf(certificate) };
          // It stands behind all others.
          if (certificate.isDefault) uncovers = true;
          byId.set(certificate.id, entry);
          added.push(entry);
        } catch (error) {
          failures.push(unusable(certificate, error));
        }
      }
      if (uncovers) reindex();
      else for (const entry of added) index(entry);
      return failures;
    },
    setTicketSecret(secret) {
      ticketSecret = secret;
    },
    ticketKeys(optionsKey) {
      return ticketSecret === null
        ? null
        : createHmac('sha512', ticketSecret).update(optionsKey).digest().subarray(0, 48);
    },
    select: (serverName) => find(serverName)?.context,
    defaultPem() {
      return fallback ? { cert: fallback.certificate.certificatePem, key: fallback.certificate.privateKeyPem } : null;
    },
  };
}

function lowerNames({ certificate }: Entry): readonly string[] {
  return certificate.names.map((name) => name.toLowerCase());
}

function unusable({ id }: CertificateSnapshot, error: unknown): Unusable {
  return { id, message: error instanceof Error ? error.message : String(error) };
}

function contextOf(certificate: CertificateSnapshot): SecureContext {
  return createSecureContext({
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    minVersion: 'TLSv1.2',
  });
}
