// `npm test`: every test and, beside them, formatting, lint, types, stale generated files; ends with a line of totals.
// Arguments go to vitest: `npm test -- test/stages` runs a part, without the checks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { chromiumPath } from './chromium.ts';

const root = join(import.meta.dirname, '..');
const node = join(root, 'bin/node');
const module = (path: string): string => join(root, 'node_modules', path);
const only = process.argv.slice(2);

const checks: readonly (readonly [name: string, ...command: string[]])[] = [
  ['formatting', node, module('oxfmt/bin/oxfmt'), '--check'],
  ['lint', node, module('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'],
  ['types', node, module('typescript/bin/tsc'), '--noEmit'],
  [
    'types of the pages',
    node,
    module('typescript/bin/tsc'),
    '--noEmit',
    '-p',
    join(root, 'services/portal/pages'),
  ],
  ['generated files', node, join(root, 'scripts/generate.ts'), '--check'],
];

/** Said at once, where it would else be among the failures of each test of pages. */
function missChromium(): void {
  try {
    chromiumPath();
  } catch (error) {
    console.error(`FAIL test/browser: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One after the other; each says at once that it failed, and why when the tests are through. */
async function runChecks(): Promise<readonly { name: string; ok: boolean; said: string }[]> {
  const results = [];
  for (const [name, command, ...args] of checks) {
    const child = spawn(command!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, errors, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    const ok = status === 0;
    if (!ok) console.error(`FAIL ${name}`);
    results.push({ name, ok, said: out + errors });
  }
  return results;
}

if (only.length === 0 || only.some((part) => part.includes('browser'))) missChromium();
const folder = mkdtempSync(join(tmpdir(), 'signpost-test-'));
const results = join(folder, 'results.json');
const vitest = spawn(
  node,
  [
    module('vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...only,
  ],
  {
    cwd: root,
    stdio: 'inherit',
    // What tests import is compiled once, as bin/signpost has it.
    env: { NODE_COMPILE_CACHE: module('.cache/signpost'), ...process.env },
  },
);
const [checked, [status]] = await Promise.all([
  only.length === 0 ? runChecks() : [],
  once(vitest, 'close'),
]);

let failed = 0;
for (const { name, ok, said } of checked) {
  if (!ok) process.stdout.write(said);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (!ok) failed += 1;
}
let totals = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 };
try {
  totals = JSON.parse(readFileSync(results, 'utf8')) as typeof totals;
} catch {
  console.error('The tests did not run to their end.');
}
rmSync(folder, { recursive: true });

const skipped = totals.numPendingTests + totals.numTodoTests;
failed += totals.numFailedTests;
if (status !== 0 && failed === 0) failed = 1;
console.log(`${totals.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
// Nothing that should run may be skipped.
process.exitCode = failed === 0 && skipped === 0 && totals.numPassedTests > 0 ? 0 : 1;
