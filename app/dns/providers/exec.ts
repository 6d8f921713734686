import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { cannotList } from '../changes.ts';
import { checkProvider } from '../check-provider.ts';
import { badField, fieldOf, readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { DnsProvider, DnsProviderDefinition, TxtRecord } from '../dns-provider.ts';
import { plainName } from '../names.ts';
import { rawChallenges } from '../raw-challenge.ts';

/** A program that waits for the change to reach all servers may take its time. */
const timeoutMs = 10 * 60_000;
const largestOutputBytes = 1024 * 1024;

/** A program of the owner's own. It gets its arguments as they are; no shell reads them. */
export const exec: DnsProviderDefinition = {
  code: 'exec',
  title: 'Own program',
  credentials: [
    {
      key: 'path',
      environmentOnly: true,
      label: { en: 'Program', fr: 'Programme' },
      placeholder: '/usr/local/bin/update-dns',
      help: { en: 'The whole path, without arguments.', fr: 'Le chemin complet, sans arguments.' },
    },
    {
      key: 'mode',
      environmentOnly: true,
      label: { en: 'Arguments', fr: 'Arguments' },
      optional: true,
      choices: ['default', 'RAW'],
      help: {
        en: 'default: present or cleanup, name, value. RAW: present or cleanup, --, domain, token, key authorization.',
        fr: 'default : present ou cleanup, nom, valeur. RAW : present ou cleanup, --, domaine, jeton, autorisation de clé.',
      },
    },
  ],
  help: {
    create: {
      en: 'Name the program in the environment of Gatehouse, as EXEC_PATH; this page cannot. It makes the record when its first argument is “present”, takes it away at “cleanup”, and ends with 0 when that is done.',
      fr: 'Indiquez le programme dans l’environnement de Gatehouse, par EXEC_PATH ; cette page ne le peut pas. Il crée l’enregistrement si son premier argument est « present », l’enlève pour « cleanup », et se termine par 0 quand c’est fait.',
    },
    rights: {
      en: 'It runs as the user that Gatehouse runs as, with its environment.',
      fr: 'Il s’exécute avec l’utilisateur et l’environnement de Gatehouse.',
    },
    url: null,
  },
  environment: { path: ['EXEC_PATH'], mode: ['EXEC_MODE'] },
  create(given) {
    const { value } = readCredentials(exec, given);
    // As with lego, `./update.sh` is one in the folder that Gatehouse was started in; nothing is searched for in PATH.
    if (!value('path').includes('/')) throw badField(exec, fieldOf(exec, 'path'), 'must be a whole path, from / on');
    const path = resolvePath(value('path'));
    const isRaw = value('mode') === 'RAW';
    const remembered = rawChallenges(path);

    async function run(action: 'present' | 'cleanup', record: TxtRecord, signal: AbortSignal): Promise<void> {
      if (!isRaw) return start(path, [action, `${plainName(record.fqdn)}.`, record.value], signal);
      const { domain, token, keyAuthorization } = remembered.of(exec, record);
      // A token may begin with a dash.
      return start(path, [action, '--', domain, token, keyAuthorization], signal);
    }

    const provider: Omit<DnsProvider, 'check'> = {
      setTxt: (record, signal) => run('present', record, signal),
      async removeTxt(record, signal) {
        await run('cleanup', record, signal);
        remembered.forget(record);
      },
      upsertAddress: () => Promise.reject(dnsFailure(exec, 'refused', { reason: 'it knows TXT records only' })),
      listZones: () => Promise.reject(cannotList(exec)),
    };
    return {
      ...provider,
      check: async (signal, domain) => {
        const domainToTry = isRaw ? undefined : domain;
        const verify = () => runnable(path);
        const result = await checkProvider({ provider, verify, lists: false }, signal, domainToTry);
        if (!result.ok || domainToTry !== undefined) return result;
        return { ...result, note: 'The program is there and was not started.' };
      },
    };
  },
};

async function runnable(path: string): Promise<null> {
  try {
    await access(path, constants.X_OK);
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    return null;
  } catch (error) {
    throw notRun(
      path,
      error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error),
    );
  }
}

function start(path: string, argv: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const patience = AbortSignal.timeout(timeoutMs);
    const settings = {
      shell: false,
      windowsHide: true,
      maxBuffer: largestOutputBytes,
      signal: AbortSignal.any([signal, patience]),
    };
    execFile(path, [...argv], settings, (error, stdout, stderr) => {
      if (!error) {
        resolve();
        return;
      }
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const said = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
      if (patience.aborted) reject(notRun(path, 'it takes longer than ten minutes'));
      else if (typeof error.code === 'number') reject(endedBadly(path, error.code, said));
      else reject(notRun(path, error.code ?? error.signal ?? error.message));
    });
  });
}

function endedBadly(path: string, code: number, said: string): DnsProviderError {
  const reason = `${path} ended with ${code}${said === '' ? '' : `: ${said}`}`;
  return dnsFailure(exec, 'refused', { reason });
}

function notRun(path: string, reason: string): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: exec.title,
    message: `The program ${path} cannot be run: ${reason}.`,
    fix: 'Check the path, and that the user that Gatehouse runs as may execute it (chmod +x; a script needs its first line, #!/bin/sh).',
    reason,
    details: { provider: exec.title, path, reason },
  });
}
