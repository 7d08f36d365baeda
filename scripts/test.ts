// `npm test`: formatting, lint, types, stale generated files, then every test; ends with a line of totals.
// Arguments go to vitest: `npm test -- test/stages` runs a part, without the checks.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const node = join(root, 'bin/node');
const module = (path: string): string => join(root, 'node_modules', path);
const only = process.argv.slice(2);

const checks: readonly (readonly [name: string, ...command: string[]])[] = [
  ['formatting', node, module('oxfmt/bin/oxfmt'), '--check'],
  ['lint', node, module('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'],
  ['types', node, module('typescript/bin/tsc'), '--noEmit'],
  ['generated files', node, join(root, 'scripts/generate.ts'), '--check'],
];

let failed = 0;
if (only.length === 0) {
  for (const [name, command, ...args] of checks) {
    const { status } = spawnSync(command!, args, { cwd: root, stdio: 'inherit' });
    console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    if (status !== 0) failed += 1;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'signpost-test-'));
const results = join(folder, 'results.json');
const vitest = spawnSync(
  node,
  [
    module('vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...only,
  ],
  { cwd: root, stdio: 'inherit' },
);
let totals = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 };
try {
  totals = JSON.parse(readFileSync(results, 'utf8')) as typeof totals;
} catch {
  console.error('The tests did not run to their end.');
}
rmSync(folder, { recursive: true });

const skipped = totals.numPendingTests + totals.numTodoTests;
failed += totals.numFailedTests;
if (vitest.status !== 0 && failed === 0) failed = 1;
console.log(`${totals.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
// Nothing that should run may be skipped.
process.exitCode = failed === 0 && skipped === 0 && totals.numPassedTests > 0 ? 0 : 1;
