import { createHmac } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateSnapshot } from '../model/snapshot.ts';

/** The certificates of all TLS entry points, replaced while they serve. */
export interface CertificateStore {
  /** Returns what could not be used, in words. The certificates that were there under those ids are gone as well. */
  change(upsert: readonly CertificateSnapshot[], remove: readonly string[]): { id: string; message: string }[];
  /**
   * The context for a server name in any case: the certificate with exactly that name, else the one with a wildcard for
   * its last labels, else the default one. Undefined where there is no certificate at all. Never throws.
   */
  select(serverName: string): SecureContext | undefined;
  /** The same with the certificate itself. `isFallback`: no certificate has the name. */
  find(serverName: string): FoundCertificate | undefined;
  /** What session tickets are sealed with, so that every worker knows those of the others; replaced from time to time. */
  setTicketSecret(secret: string): void;
  /**
   * Ticket keys of servers with these TLS options, 48 bytes; null: each server has its own. Servers with other options
   * have other keys: a session that was begun without a client certificate must not go on where one is asked for.
   */
  ticketKeys(optionsKey: string): Buffer | null;
  /** The default certificate's key material, for clients that send no server name. */
  defaultPem(): { cert: string; key: string } | null;
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

export function createCertificateStore(): CertificateStore {
  const byId = new Map<string, Entry>();
  let byName = new Map<string, Entry>();
  let fallback: Entry | null = null;
  let ticketSecret: string | null = null;

  const reindex = (): void => {
    const names = new Map<string, Entry>();
    fallback = null;
    for (const entry of byId.values()) {
      if (entry.certificate.isDefault) fallback = entry;
      // Where two hold one name, the one that came last serves it.
      else for (const name of entry.certificate.names) names.set(name.toLowerCase(), entry);
    }
    if (fallback !== null) {
      for (const name of fallback.certificate.names)
        if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), fallback);
    }
    byName = names;
  };

  const find = (serverName: string): FoundCertificate | undefined => {
    const lower = serverName.toLowerCase();
    const name = lower.endsWith('.') ? lower.slice(0, -1) : lower;
    const dot = name.indexOf('.');
    const named = byName.get(name) ?? (dot > 0 ? byName.get(`*${name.slice(dot)}`) : undefined);
    const entry = named ?? fallback;
    if (!entry) return undefined;
    entry.context ??= contextOf(entry.certificate);
    return { certificate: entry.certificate, context: entry.context, isFallback: named === undefined };
  };

  return {
    find,
    change(upsert, remove) {
      const failures: { id: string; message: string }[] = [];
      for (const id of remove) byId.delete(id);
      for (const certificate of upsert) {
        byId.delete(certificate.id);
        try {
          // Made now and not at the first visit: a key that does not fit is then known before a visitor meets it.
          // Not so for those that were judged before: a thousand hosts would keep a worker from its visitors for half a second.
          const context = certificate.isOwn || certificate.isJudged ? null : contextOf(certificate);
          byId.set(certificate.id, { certificate, context });
        } catch (error) {
          failures.push({ id: certificate.id, message: error instanceof Error ? error.message : String(error) });
        }
      }
      reindex();
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

function contextOf(certificate: CertificateSnapshot): SecureContext {
  return createSecureContext({
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    minVersion: 'TLSv1.2',
  });
}
