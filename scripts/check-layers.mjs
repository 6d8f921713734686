// Checks the direction of imports (dependency-rules.mjs), and first that the checker itself works: it must read every
// source file, and must find each broken rule in test/fixtures/layers. A checker that reads nothing passes silently.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import { forbidden, options } from '../dependency-rules.mjs';
import { rootDir } from './setup.mjs';

const folders = ['proxy', 'app', 'main', 'renderer', 'bin'];
const fixtureDir = path.join(rootDir, 'test/fixtures/layers');

const failures = [...(await fixtureFailures()), ...(await sourceFailures())];
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;

async function fixtureFailures() {
  const { violations } = await modulesOf(fixtureDir, ['proxy', 'app', 'main', 'renderer']);
  const broken = new Set(violations.map((violation) => violation.rule.name));
  const silent = forbidden.filter((rule) => !broken.has(rule.name));
  return silent.map((rule) => `The rule ${rule.name} did not find what test/fixtures/layers breaks.`);
}

async function sourceFailures() {
  const { modules, violations } = await modulesOf(rootDir, folders);
  const read = new Set(modules.map((module) => module.source));
  const unread = folders.flatMap((folder) => sourcesUnder(rootDir, folder)).filter((file) => !read.has(file));
  const imports = modules.reduce((total, module) => total + module.dependencies.length, 0);
  if (unread.length > 0) return [`The layer checker did not read ${unread.length} files, such as ${unread[0]}.`];
  if (imports < read.size) return [`The layer checker found only ${imports} imports in ${read.size} files.`];
  console.log(`${read.size} modules and ${imports} imports read`);
  return violations.map(
    ({ from, to, rule }) =>
      `${rule.name}: ${from} → ${to}\n    ${forbidden.find(({ name }) => name === rule.name).comment}`,
  );
}

async function modulesOf(baseDir, dirs) {
  const result = await cruise(dirs, { ...options, baseDir, ruleSet: { forbidden }, validate: true });
  return { modules: result.output.modules, violations: result.output.summary.violations };
}

function sourcesUnder(baseDir, folder) {
  return readdirSync(path.join(baseDir, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|mjs)$/.test(entry.name))
    .map((entry) => path.relative(baseDir, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
}
