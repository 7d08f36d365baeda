// Prints precision and recall of the redactor per type over the table of cases; exit 1 below a floor.
import { parseArgs } from 'node:util';
import { redactionTypes, type RedactionType } from '../services/normalize/redaction/span.ts';
import { createRedactor, type Redactor } from '../services/normalize/redact.ts';
import { positiveCases, type RedactionCase } from '../test/stages/redaction.cases.ts';
import { negativeCases } from '../test/stages/redaction-negatives.cases.ts';

const floors = { precision: 0.96, recall: 0.95 };

const help = `Measures the redactor on its table of cases.

Usage: bin/node scripts/redaction-report.ts [--json] [--failures]

  --json       one object: {cases, failures, floors, types: {type: {found, missed, wrong, precision, recall}}}
  --failures   prints every case whose output differs from what is expected
  --help       this text

Exit code 1 when a type has precision under ${floors.precision} or recall under ${floors.recall}.

Example: bin/node scripts/redaction-report.ts --failures
`;

interface Figures extends Tally {
  readonly type: RedactionType;
  readonly precision: number;
  readonly recall: number;
}

interface Tally {
  found: number;
  missed: number;
  wrong: number;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    failures: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(help);
else report();

function placeholders(text: string, type: RedactionType): number {
  return text.split(`[${type}]`).length - 1;
}

/** What stood in the text as a placeholder from the start is nobody's merit. */
function score(
  item: RedactionCase,
  output: string,
  tallies: ReadonlyMap<RedactionType, Tally>,
): void {
  for (const type of redactionTypes) {
    const before = placeholders(item.text, type);
    const wanted = placeholders(item.expected, type) - before;
    const given = placeholders(output, type) - before;
    const tally = tallies.get(type)!;
    const hits = Math.min(wanted, given);
    // The right type in the wrong place is a miss and a false find.
    const misplaced = output !== item.expected && wanted === given && wanted > 0 ? 1 : 0;
    tally.found += hits - misplaced;
    tally.missed += wanted - hits + misplaced;
    tally.wrong += given - hits + misplaced;
  }
}

function report(): void {
  const redactors = new Map<string, Redactor>();
  const tallies = new Map(
    redactionTypes.map((type): [RedactionType, Tally] => [type, { found: 0, missed: 0, wrong: 0 }]),
  );
  const failures: Array<RedactionCase & { output: string }> = [];
  const cases = [...positiveCases, ...negativeCases];
  for (const item of cases) {
    const region = item.region ?? 'US';
    const redact = redactors.get(region) ?? createRedactor({ region });
    redactors.set(region, redact);
    const output = redact(item.text).text;
    if (output !== item.expected) failures.push({ ...item, output });
    score(item, output, tallies);
  }
  const types = redactionTypes.map((type) => {
    const { found, missed, wrong } = tallies.get(type)!;
    return {
      type,
      found,
      missed,
      wrong,
      precision: found + wrong === 0 ? 1 : found / (found + wrong),
      recall: found + missed === 0 ? 1 : found / (found + missed),
    };
  });
  if (values.json) {
    const byType = Object.fromEntries(types.map(({ type, ...figures }) => [type, figures]));
    process.stdout.write(
      `${JSON.stringify({ cases: cases.length, failures: failures.length, floors, types: byType })}\n`,
    );
  } else print(types, failures, cases.length);
  const low = types.filter(
    ({ precision, recall }) => precision < floors.precision || recall < floors.recall,
  );
  if (low.length > 0) process.exitCode = 1;
}

function print(
  types: readonly Figures[],
  failures: ReadonlyArray<RedactionCase & { output: string }>,
  cases: number,
): void {
  const lines = [
    `${positiveCases.length} texts with personal data, ${negativeCases.length} without`,
    'type      found  missed  wrong  precision  recall',
  ];
  for (const { type, found, missed, wrong, precision, recall } of types) {
    lines.push(
      `${type.padEnd(8)} ${String(found).padStart(6)} ${String(missed).padStart(7)} ${String(wrong).padStart(6)} ` +
        `${precision.toFixed(3).padStart(10)} ${recall.toFixed(3).padStart(7)}`,
    );
  }
  lines.push(`${cases - failures.length} of ${cases} exactly as expected`);
  if (values.failures) {
    for (const { text, expected, output, knownMiss } of failures) {
      lines.push(
        '',
        `text      ${JSON.stringify(text)}${knownMiss === undefined ? '' : `  (known: ${knownMiss})`}`,
      );
      lines.push(`expected  ${JSON.stringify(expected)}`, `output    ${JSON.stringify(output)}`);
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
