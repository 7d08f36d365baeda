// Stands for `signpost train` and `signpost evaluate`: learns how often each label is and says it of every text.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    task: { type: 'string' },
    out: { type: 'string' },
    model: { type: 'string' },
    predictions: { type: 'string' },
    'out-of-scope': { type: 'string' },
    json: { type: 'boolean' },
  },
});
const task = values.task!;
const lines = readFileSync(values.data!, 'utf8').trimEnd().split('\n');
const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);

if (rows.some((row) => row['text'] === 'break')) throw new Error('this text is too much');
if (positionals[0] === 'train') {
  const scores: Record<string, number> = {};
  for (const label of rows.flatMap((row) => row[task])) {
    scores[String(label)] = (scores[String(label)] ?? 0) + 1 / rows.length;
  }
  writeFileSync(values.out!, JSON.stringify(scores));
} else {
  const scores = JSON.parse(readFileSync(values.model!, 'utf8')) as unknown;
  writeFileSync(values.predictions!, rows.map(() => `${JSON.stringify({ scores })}\n`).join(''));
  console.log(JSON.stringify({ task, n: rows.length, textsPerSecond: 1234, outOfScope: {} }));
}
