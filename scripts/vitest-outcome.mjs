// A Vitest reporter that writes what `npm test` sums up: counts, each skipped test with the reason
// it gave, and each that passed only when it was tried again.
import { writeFileSync } from 'node:fs';

export default class OutcomeReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const outcome = { passed: 0, failed: unhandledErrors.length, skipped: [], again: [] };
    for (const module of modules) {
      // A file that could not be loaded has no tests to fail.
      if (module.errors().length > 0) outcome.failed += 1;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        const name = `${module.relativeModuleId} > ${test.fullName}`;
        if (test.diagnostic()?.flaky) outcome.again.push(name);
        if (state === 'passed') outcome.passed += 1;
        else if (state === 'failed') outcome.failed += 1;
        else outcome.skipped.push({ name, reason: note ?? '' });
      }
    }
    writeFileSync(process.env.GATEHOUSE_OUTCOME_FILE, JSON.stringify(outcome));
  }
}
