import type { Command } from './command.ts';

interface CommandEntry {
  readonly summary: string;
  /** Loaded when it is called, so that `gatehouse status` does not load the engine. */
  readonly load: () => Promise<Command>;
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  serve: { summary: 'run Gatehouse', load: async () => (await import('./serve.ts')).serve },
  status: { summary: 'how things are', load: async () => (await import('./status.ts')).status },
  open: { summary: 'print a link that signs a browser in once', load: async () => (await import('./open.ts')).open },
  containers: {
    summary: 'what runs here and where it is exposed',
    load: async () => (await import('./containers.ts')).containers,
  },
  expose: { summary: 'put a container on HTTPS', load: async () => (await import('./expose.ts')).expose },
  unexpose: { summary: 'take it off again', load: async () => (await import('./unexpose.ts')).unexpose },
  override: {
    summary: 'edit what labels or files say',
    load: async () => (await import('./override.ts')).override,
  },
  pause: { summary: 'pause one app, or all', load: async () => (await import('./pause.ts')).pause },
  resume: { summary: 'end a pause', load: async () => (await import('./pause.ts')).resume },
  undo: { summary: 'take the last change back', load: async () => (await import('./undo.ts')).undo },
  routers: { summary: 'rules and where they lead', load: async () => (await import('./routers.ts')).routers },
  services: { summary: 'servers and their health', load: async () => (await import('./services.ts')).services },
  middlewares: { summary: 'steps between the two', load: async () => (await import('./middlewares.ts')).middlewares },
  logs: { summary: 'requests, as they come with --follow', load: async () => (await import('./logs.ts')).logs },
  explain: { summary: 'why a request goes where it goes', load: async () => (await import('./explain.ts')).explain },
  check: { summary: 'validate configuration files', load: async () => (await import('./check.ts')).check },
  certificates: {
    summary: 'certificates: get, renew, import, export',
    load: async () => (await import('./certificates.ts')).certificates,
  },
  resolvers: {
    summary: 'how certificates are had',
    load: async () => (await import('./resolvers.ts')).resolvers,
  },
  ca: { summary: 'the internal certificate authority', load: async () => (await import('./ca.ts')).ca },
  backup: { summary: 'everything in one file', load: async () => (await import('./backup.ts')).backup },
  restore: { summary: 'put a backup in place', load: async () => (await import('./backup.ts')).restore },
  password: { summary: "set the dashboard's password", load: async () => (await import('./password.ts')).password },
  token: { summary: 'API tokens: create, list, revoke', load: async () => (await import('./token.ts')).token },
};

/** What is typed often, in short. */
const shortNames: Readonly<Record<string, string>> = { certs: 'certificates' };

/** By its name or its short one. */
export function commandNamed(name: string): CommandEntry | undefined {
  const whole = Object.hasOwn(shortNames, name) ? (shortNames[name] ?? name) : name;
  return Object.hasOwn(commands, whole) ? commands[whole] : undefined;
}

export function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return [
    'gatehouse COMMAND [OPTIONS]',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Options of every command:',
    '  --data-dir DIR  the data folder; else GATEHOUSE_DATA_DIR, else the usual place of your system',
    '  --help          how the command is used',
    '',
    'Exit codes: 0 done, 1 failed or something is wrong, 2 called wrongly.',
  ].join('\n');
}
