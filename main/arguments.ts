/** What the shell was started with. */
export interface ShellArguments {
  /** At login only the tray shows. */
  readonly hidden: boolean;
  /** `--data-dir` of the engine's flags. */
  readonly dataDir: string | undefined;
  /** Flags for `gatehouse serve`, without `--data-dir`. */
  readonly engineFlags: readonly string[];
}

/** Before `--` stand the shell's own flags and Chromium's; behind it those of `gatehouse serve`. */
export function shellArguments(argv: readonly string[]): ShellArguments {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  const engineFlags: string[] = [];
  let dataDir: string | undefined;
  const rest = end < 0 ? [] : argv.slice(end + 1);
  for (let index = 0; index < rest.length; index += 1) {
    const flag = rest[index] ?? '';
    if (flag === '--data-dir') {
      index += 1;
      dataDir = rest[index];
    } else if (flag.startsWith('--data-dir=')) dataDir = flag.slice('--data-dir='.length);
    else engineFlags.push(flag);
  }
  return { hidden: own.includes('--hidden'), dataDir, engineFlags };
}
