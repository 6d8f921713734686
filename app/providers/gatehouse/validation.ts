import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';
import type { Protection } from '../../contract/objects.ts';
import { OperationError } from '../../operations/error.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import type { StoredExposure } from '../../store/exposures.ts';

/** Checks of what people type. Each gives the value in its canonical form, or throws OperationError. */

export function validName(text: string): string {
  const name = text.trim().toLowerCase();
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw invalid('NAME_INVALID', `"${text}" cannot be a name: use letters, digits and hyphens, at most 63.`, {
    field: 'name',
    name: text,
  });
}

export function validHost(text: string): string {
  const host = text.trim().toLowerCase().replace(/\.$/, '');
  const reason = hostFault(host);
  if (reason === undefined) return asciiOf(host);
  throw invalid('HOST_INVALID', `"${text}" cannot be a host: ${reason}.`, { field: 'host', host: text });
}

function hostFault(host: string): string | undefined {
  if (host === '') return 'it is empty';
  if (host.includes('://')) return 'leave out the scheme, as in photos.example.org';
  if (host.includes('/')) return 'leave out the path, as in photos.example.org';
  if (host.includes(':')) return 'leave out the port, as in photos.example.org';
  if (host.includes('*')) return 'a wildcard stands for many hosts, and this is for one app';
  const ascii = asciiOf(host);
  if (ascii.length > 253) return 'it is longer than 253 characters';
  const labels = ascii.split('.');
  if (!labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))) {
    return 'between the dots, use letters, digits and hyphens, at most 63';
  }
  // Browsers send no name along with an address, so there would be nothing to tell apps apart by.
  return /^\d+$/.test(labels.at(-1) ?? '') ? 'it is an address, not a name' : undefined;
}

function asciiOf(host: string): string {
  return /^[a-z0-9.-]*$/.test(host) ? host : domainToASCII(host);
}

export function validPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw invalid('PORT_INVALID', `${port} is not a port: choose one from 1 to 65535.`, { field: 'port', port });
}

/** Everything but the password, which `validPassword` sees to. */
export function validProtection(protection: Protection): Protection {
  switch (protection.kind) {
    case 'none':
      return { kind: 'none' };
    case 'password': {
      const username = protection.username.trim();
      // RFC 7617 section 2: a colon ends the user name.
      if (username === '' || username.length > 128 || hasControlCharacter(username) || username.includes(':')) {
        throw invalid('USERNAME_INVALID', 'A user name is needed: 1 to 128 characters, without a colon.', {
          field: 'protection',
          username: protection.username,
        });
      }
      const { password } = protection;
      return { kind: 'password', username, ...(password === undefined ? {} : { password }) };
    }
    case 'allowList':
      break;
  }
  return { kind: 'allowList', sourceRange: validRanges(protection.sourceRange) };
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function validRanges(texts: readonly string[]): string[] {
  const ranges = texts.map((text) => text.trim()).filter((text) => text !== '');
  const wrong = ranges.find((range) => !ipaddr.isValidCIDR(range) && !isAddress(range));
  if (wrong !== undefined || ranges.length === 0) {
    throw invalid(
      'RANGE_INVALID',
      wrong === undefined
        ? 'At least one address or range is needed, such as 192.168.1.0/24.'
        : `"${wrong}" is neither an address nor a range such as 192.168.1.0/24.`,
      { field: 'protection', range: wrong ?? '' },
    );
  }
  return [...new Set(ranges)];
}

/** Four parts only: the library also reads `10` and `0x7f.1`, which people do not mean. */
function isAddress(text: string): boolean {
  return text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
}

export const minPasswordLength = 8;
/** bcrypt looks at no more. */
const maxPasswordBytes = 72;

export function validPassword(password: string | undefined): string {
  if (password === undefined || password.length < minPasswordLength) {
    throw invalid('PASSWORD_REQUIRED', `A password of at least ${minPasswordLength} characters is needed.`, {
      field: 'protection',
      minLength: minPasswordLength,
    });
  }
  if (Buffer.byteLength(password) > maxPasswordBytes) {
    throw invalid('PASSWORD_TOO_LONG', `The password may be at most ${maxPasswordBytes} bytes long.`, {
      field: 'protection',
      maxBytes: maxPasswordBytes,
    });
  }
  return password;
}

export function assertNameFree(name: string, ownId: string | undefined, exposures: readonly StoredExposure[]): void {
  if (!exposures.some((other) => other.name === name && other.id !== ownId)) return;
  throw new OperationError('CONFLICT', `There is another exposed app with the name ${name}.`, {
    reason: 'NAME_TAKEN',
    field: 'name',
    name,
  });
}

/** What already answers for a host, by its qualified name: another exposure, or a router that matches nothing but hosts. */
export function holderOfHost(
  host: string,
  ownId: string | undefined,
  around: {
    readonly exposures: readonly StoredExposure[];
    readonly runtime: RuntimeState;
    readonly entryPoint: string;
  },
): string | undefined {
  const exposure = around.exposures.find((other) => other.host === host && other.id !== ownId);
  if (exposure) return `${exposure.name}@gatehouse`;
  for (const router of around.runtime.routers.values()) {
    if (router.provider === 'gatehouse' || router.status === 'disabled' || !router.hosts.includes(host)) continue;
    // One that also asks for a path or method stands before the exposure, and both have their share.
    if (router.entryPoints.includes(around.entryPoint) && isHostOnly(router.rule)) return router.name;
  }
  return undefined;
}

function isHostOnly(rule: string): boolean {
  return /^[\s()]*Host\([^)]*\)[\s)]*(\|\|[\s(]*Host\([^)]*\)[\s)]*)*$/i.test(rule);
}

export function hostTaken(host: string, router: string): OperationError {
  return new OperationError('CONFLICT', `${router} already answers for ${host}.`, {
    reason: 'HOST_TAKEN',
    field: 'host',
    host,
    router,
  });
}

function invalid(reason: string, message: string, details: Record<string, string | number>): OperationError {
  return new OperationError('INVALID', message, { ...details, reason });
}
