import { type Command, flagOption } from './command.ts';
import { printJson } from './words.ts';

export const check: Command = {
  help: `gatehouse check PATH… [--json]

Validates static and dynamic configuration files, the Traefik labels of compose files, and the flags and variables
that a compose file starts Traefik or Gatehouse with, without a running engine. Of a folder, all YAML and TOML files
below it. What is given together is judged together: entry points, middlewares, services and certificate resolvers
that one file names and another defines, networks and ports.

  --json  the findings as objects
Exit code 1 where there is an error.`,
  options: { json: { type: 'boolean' } },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(input) {
    const { terminal } = input;
    const { checkPaths } = await import('../config/check.ts');
    const findings = await checkPaths(input.positionals);
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
