import { type Command, flagOption } from './command.ts';
import { printJson } from './words.ts';

export const check: Command = {
  help: `gatehouse check PATH… [--json]

Validates static and dynamic configuration files and the Traefik labels of compose files, without a running
engine. Of a folder, all YAML and TOML files below it.

  --json  the findings as objects
Exit code 1 where there is an error.`,
  options: { json: { type: 'boolean' } },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(input) {
    const { terminal } = input;
    const { checkPath } = await import('../config/check.ts');
    const findings = (await Promise.all(input.positionals.map((path) => checkPath(path)))).flat();
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    if (flagOption(input, 'json')) printJson(terminal, findings);
    else {
      for (const { file, line, column, severity, message, suggestion, fix } of findings) {
        const tone = severity === 'error' ? 'bad' : 'warn';
        terminal.out(`${file}:${line}:${column}: ${terminal.paint(tone, severity)}: ${message}`);
        if (fix) terminal.out(`  ${fix}`);
        else if (suggestion !== null && !message.includes(suggestion)) terminal.out(`  Did you mean "${suggestion}"?`);
      }
      if (findings.length === 0)
        terminal.out(input.positionals.length === 1 ? 'No problems.' : 'No problems in any file.');
    }
    return errors > 0 ? 1 : 0;
  },
};
