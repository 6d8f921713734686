import { isDeepStrictEqual } from 'node:util';
import { parseServerAddress } from '../../../proxy/stream/address.ts';
import type { OverrideField, ServerEdit } from '../../contract/objects.ts';
import type { OverrideInput } from '../../operations/context.ts';
import { OperationError } from '../../operations/error.ts';
import { serverUrlFault } from '../../runtime/judge-service.ts';
import { fieldsOf } from '../../runtime/override.ts';
import { matchServers } from '../../runtime/override-servers.ts';
import type { StoredProtection } from '../../store/exposures.ts';
import type { StoredOverride } from '../../store/overrides.ts';
import { type Below, editableFields, type Overridable, serversBelow } from './override-target.ts';
import { validHost } from './validation.ts';

export type Wanted = Pick<
  StoredOverride,
  'host' | 'middlewares' | 'protection' | 'servers' | 'healthCheckPath' | 'paused'
>;

/**
 * What is wanted after an input: what it leaves out stays as it was. Throws OperationError INVALID. `target` is undefined
 * where the object is away; then what is there already is believed.
 */
export function wantedAfter(
  input: OverrideInput,
  protection: StoredProtection | null | undefined,
  before: StoredOverride | null,
  target: Overridable | undefined,
  below: Below | null,
): Wanted {
  const wanted: Wanted = {
    host: valueOf(input.host === undefined || input.host === null ? input.host : validHost(input.host), before?.host),
    middlewares: valueOf(input.middlewares, before?.middlewares),
    protection: valueOf(protection?.kind === 'none' ? null : protection, before?.protection),
    servers: serversAfter(input, before, target, below),
    healthCheckPath: valueOf(
      input.healthCheckPath === undefined || input.healthCheckPath === null
        ? input.healthCheckPath
        : validPath(input.healthCheckPath),
      before?.healthCheckPath,
    ),
    paused: input.paused ?? before?.paused ?? false,
  };
  if (target !== undefined) assertFields(wanted, target);
  return wanted;
}

export function isNothing(wanted: Wanted): boolean {
  return fieldsOf(wanted).length === 0;
}

/** Left out: as before. */
function valueOf<T>(given: T | null | undefined, before: T | null | undefined): T | null {
  return given === undefined ? (before ?? null) : given;
}

function assertFields(wanted: Wanted, target: Overridable): void {
  const editable = editableFields(target);
  const [wrong] = fieldsOf(wanted).filter((field) => !editable.includes(field));
  const { name } = target.item;
  if (wrong !== undefined) {
    throw new OperationError('INVALID', whyNot(wrong, target), {
      reason: wrong === 'host' && target.kind === 'tcp router' ? 'OVERRIDE_HOST_NEEDS_TLS' : 'OVERRIDE_NOT_HERE',
      field: wrong,
      name,
    });
  }
  if (target.kind === 'tcp router' && wanted.protection?.kind === 'password') {
    throw new OperationError('INVALID', 'TCP has no password: protect it by an allow-list.', {
      reason: 'PROTECTION_NOT_FOR_TCP',
      field: 'protection',
      name,
    });
  }
}

function whyNot(field: OverrideField, target: Overridable): string {
  const { name } = target.item;
  if (field === 'host' && target.kind === 'tcp router') {
    return `${name} has no TLS, so its clients name no host.`;
  }
  const editable = editableFields(target);
  const can = editable.length === 0 ? 'nothing of it can' : `${editable.map((each) => words[each]).join(', ')} can`;
  return `${words[field]} cannot be edited in ${name}, a ${target.kind.toUpperCase().replace(/[A-Z]+$/, (word) => word.toLowerCase())}: ${can}.`;
}

const words: Readonly<Record<OverrideField, string>> = {
  host: 'the host',
  middlewares: 'middlewares',
  protection: 'protection',
  servers: 'servers',
  healthCheckPath: 'the health check',
  paused: 'a pause',
};

function validPath(text: string): string {
  const path = text.trim();
  if (path === '' || (path.startsWith('/') && !/[\s\p{Cc}#]/u.test(path))) return path;
  throw new OperationError('INVALID', `"${text}" is no path: write one such as /health.`, {
    reason: 'HEALTH_PATH_INVALID',
    field: 'healthCheckPath',
    path: text,
  });
}

/** Those that say nothing are left out; null where none is left. */
function serversAfter(
  input: OverrideInput,
  before: StoredOverride | null,
  target: Overridable | undefined,
  below: Below | null,
): readonly ServerEdit[] | null {
  const { servers } = input;
  if (servers === undefined) {
    if (before?.servers === null || before === null) return null;
    if (target === undefined || below === null) return before.servers;
    // From now on they speak of the servers of now.
    const seen = before.seen.servers ?? [];
    const found = matchServers(below.servers, before.servers, seen, target.item.provider);
    return found.flatMap(({ edit }) => edit ?? []);
  }
  if (servers === null) return null;
  const known = target === undefined ? [] : serversBelow(target);
  const edits: ServerEdit[] = [];
  for (const edit of servers) {
    const original = known.find(({ server }) => server === edit.server);
    if (original === undefined) throw unknownServer(edit.server, known);
    if (edits.some(({ server }) => server === edit.server)) continue;
    const address = edit.address === null ? null : validAddress(edit.address, original.server, target);
    const made: ServerEdit = {
      server: original.server,
      address: address === original.server ? null : address,
      weight: edit.weight === null ? null : validWeight(edit.weight, original.weight, target),
      paused: edit.paused,
    };
    if (!isDeepStrictEqual(made, { server: edit.server, address: null, weight: null, paused: false })) edits.push(made);
  }
  return edits.length === 0 ? null : edits;
}

function unknownServer(server: string, known: readonly { readonly server: string }[]): OperationError {
  const all = known.map((each) => each.server).join(', ');
  return new OperationError(
    'INVALID',
    `It has no server ${server}. ${all === '' ? 'It has none now.' : `There are: ${all}.`}`,
    { reason: 'SERVER_UNKNOWN', field: 'servers', server, servers: all },
  );
}

/** As it would stand in a file. For HTTP one may leave the scheme out: it is as before. */
function validAddress(text: string, original: string, target: Overridable | undefined): string {
  const trimmed = text.trim();
  const isHttp = target?.kind === 'http service';
  const address =
    isHttp && !trimmed.includes('://') ? `${/^[a-z0-9]+:\/\//i.exec(original)?.[0] ?? 'http://'}${trimmed}` : trimmed;
  const fault = isHttp
    ? serverUrlFault(address, '')
    : parseServerAddress(address) === null
      ? 'that is no address'
      : null;
  if (fault === null) return address;
  throw new OperationError(
    'INVALID',
    `"${text}" cannot be a server: ${fault}. Write its address as ${isHttp ? 'http://HOST:PORT or https://HOST:PORT' : 'HOST:PORT'}.`,
    { reason: isHttp ? 'SERVER_URL_INVALID' : 'SERVER_ADDRESS_INVALID', field: 'servers', server: text },
  );
}

const mostWeight = 1_000_000;

function validWeight(weight: number, original: number, target: Overridable | undefined): number | null {
  if (weight === original) return null;
  if (target?.kind === 'http service' && Number.isInteger(weight) && weight >= 0 && weight <= mostWeight) return weight;
  throw new OperationError(
    'INVALID',
    target?.kind === 'http service'
      ? `${weight} is no weight: it is a whole number from 0 to ${mostWeight}.`
      : 'Servers of TCP and UDP have no weights.',
    { reason: target?.kind === 'http service' ? 'WEIGHT_INVALID' : 'WEIGHT_NOT_HERE', field: 'servers', weight },
  );
}
