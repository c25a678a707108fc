/**
 * Adds up the totals of jest's JSON reports and prints the line that closes a CI run: "N passed, N failed".
 *   node scripts/sum-test-results.cjs <number of failed steps> <report> …
 * Suites that could not run count as failures, as do failed steps. Exits with 1 if anything failed or nothing passed.
 */
const { existsSync, readFileSync } = require('node:fs');

const [failedSteps, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);
for (const path of reports.filter((report) => existsSync(report))) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
