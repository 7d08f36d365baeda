// Texts of the field to test on: some of those that come with Signpost.
import { readFileSync } from 'node:fs';

const file = new URL('../../services/classify/knowledge/telecom.jsonl', import.meta.url);

/** About `count` texts, spread over the file. */
export function knowledgeUnderTest(count: number): readonly string[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const step = Math.floor(lines.length / count);
  return lines
    .filter((_, at) => at % step === 0)
    .map((line) => (JSON.parse(line) as { text: string }).text);
}
