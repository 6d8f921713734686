// `npm test`: sets up what is missing, builds, then runs every test: unit and integration by Vitest, the dashboard and
// the window by Playwright. Ends with one line that counts all of them, and fails if any failed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, unwatchFile, watchFile } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { findTestElectron, hasDisplay } from './electron-runtime.mjs';
import { engineNodePath, ensureDependencies, hasCommand, rootDir } from './setup.mjs';

/** From a runner's report to its end. */
const endTimeoutMs = 30_000;

async function main() {
  await ensureDependencies();
  const nodePath = engineNodePath();
  await build();
  const reportDir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-test-'));
  try {
    const unit = await runVitest(nodePath, path.join(reportDir, 'vitest.json'));
    const browser = await runPlaywright(nodePath, path.join(reportDir, 'playwright.json'));
    return sum([unit, browser]);
  } finally {
    rmSync(reportDir, { recursive: true, force: true });
  }
}

function environment(extra) {
  const binDir = path.join(rootDir, 'node_modules/.bin');
  return { ...process.env, PATH: `${binDir}${path.delimiter}${process.env.PATH}`, NODE_ENV: 'test', ...extra };
}

async function runVitest(nodePath, reportPath) {
  console.log('\n── unit and integration ──');
  const reporters = ['--reporter=default', `--reporter=${path.join(rootDir, 'scripts/vitest-outcome.mjs')}`];
  const code = await runBounded(reportPath, nodePath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters], {
    env: environment({ GATEHOUSE_OUTCOME_FILE: reportPath }),
  });
  return honest(code, () => JSON.parse(readFileSync(reportPath, 'utf8')));
}

async function runPlaywright(nodePath, reportPath) {
  console.log('\n── browser and window ──');
  const electron = await findTestElectron(nodePath);
  if (electron.reason) console.log(`The window's tests are skipped: ${electron.reason}.`);
  const command = [nodePath, 'node_modules/@playwright/test/cli.js', 'test', '-c', 'test/e2e/playwright.config.ts'];
  command.push('--reporter=list,json');
  if (!hasDisplay() && hasCommand('xvfb-run')) command.unshift('xvfb-run', '-a');
  const [program, ...args] = command;
  const code = await runBounded(reportPath, program, args, {
    env: environment({
      PLAYWRIGHT_JSON_OUTPUT_FILE: reportPath,
      GATEHOUSE_E2E_PORT: String(await freePort()),
      ELECTRON_TEST_DIST: electron.programPath ? path.dirname(electron.programPath) : '',
      ELECTRON_TEST_MISSING: electron.reason ?? '',
      GATEHOUSE_ENGINE_NODE: nodePath,
    }),
  });
  return honest(code, () => playwrightOutcome(JSON.parse(readFileSync(reportPath, 'utf8'))));
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Runs a runner and gives its exit code. One that has reported and does not end is kept by something a test left open:
 * it is ended with all its children, and that is a failure.
 */
async function runBounded(reportPath, program, args, options) {
  const child = spawn(program, args, { cwd: rootDir, stdio: 'inherit', detached: true, ...options });
  const signalAll = (signal) => {
    try {
      process.kill(-Number(child.pid), signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  const stop = () => signalAll('SIGTERM');
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let timer;
  // Told once at the beginning too, while there is no file yet.
  watchFile(reportPath, { interval: 1000 }, ({ size }) => {
    if (size > 0) timer ??= setTimeout(hung, endTimeoutMs);
  });
  function hung() {
    console.error(
      `The runner did not end within ${endTimeoutMs / 1000} s of its last test: a test left something open.`,
    );
    signalAll('SIGKILL');
  }
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  unwatchFile(reportPath);
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return code ?? 1;
}

function playwrightOutcome(report) {
  const outcome = { passed: 0, failed: report.errors.length, skipped: [], again: [] };
  const visit = (suite, titles) => {
    for (const inner of suite.suites ?? []) visit(inner, [...titles, inner.title]);
    for (const spec of suite.specs ?? []) {
      const name = [...titles, spec.title].join(' > ');
      for (const test of spec.tests) {
        if (test.status === 'flaky') outcome.again.push(name);
        if (test.status === 'expected' || test.status === 'flaky') outcome.passed += 1;
        else if (test.status === 'unexpected') outcome.failed += 1;
        else {
          const reason = test.annotations.find((annotation) => annotation.type === 'skip')?.description ?? '';
          outcome.skipped.push({ name, reason });
        }
      }
    }
  };
  for (const suite of report.suites) visit(suite, [suite.title]);
  return outcome;
}

/** A runner that ended badly counts as a failure even where its report is missing or names none. */
function honest(code, read) {
  try {
    const outcome = read();
    return code !== 0 && outcome.failed === 0 ? { ...outcome, failed: 1 } : outcome;
  } catch (error) {
    console.error(`The runner left no report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: [], again: [] };
  }
}

function sum(outcomes) {
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  const passed = outcomes.reduce((total, outcome) => total + outcome.passed, 0);
  const failed = outcomes.reduce((total, outcome) => total + outcome.failed, 0);
  console.log('');
  const byReason = new Map();
  for (const test of skipped) byReason.set(test.reason, [...(byReason.get(test.reason) ?? []), test.name]);
  for (const [reason, names] of byReason) {
    console.log(`skipped, ${reason || 'no reason given'}:`);
    for (const name of names) console.log(`  ${name}`);
  }
  const again = outcomes.flatMap((outcome) => outcome.again);
  if (again.length > 0) console.log('passed only when tried again, which is a defect of the test or the product:');
  for (const name of again) console.log(`  ${name}`);
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}
