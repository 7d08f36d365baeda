// The field knowledge that comes with Signpost: labelled texts written for it, in the voices of customers, whose places for a
// provider's name are filled in.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { foldOf } from '../../classify/training/examples.ts';
import type { Example } from '../../classify/training/examples.ts';
import { readLabelled } from './labelled-files.ts';

const folder = new URL('../../classify/knowledge/', import.meta.url);
const placeholder = '{brand}';

/**
 * Rows that have a label of one of the tasks; none where the tasks are not of this field.
 * @param from a file, or `shipped`
 */
export async function readKnowledge(
  tasks: readonly string[],
  from: string,
): Promise<readonly Example[]> {
  const file = from === 'shipped' ? fileURLToPath(new URL('telecom.jsonl', folder)) : from;
  const names = JSON.parse(readFileSync(new URL('names.json', folder), 'utf8')) as Names;
  const { examples } = await readLabelled([file], tasks, { mayBeEmpty: true });
  return examples.map((example) => named(example, names));
}

/** Names of providers as texts of a language or kind use them. */
type Names = Readonly<Record<string, readonly string[]>> & { readonly default: readonly string[] };

function named(example: Example, names: Names): Example {
  const { text, fields } = example;
  if (!text.includes(placeholder)) return example;
  const list = names[String(fields['lang'])] ?? names[String(fields['kind'])] ?? names.default;
  return { ...example, text: text.replaceAll(placeholder, list[foldOf(text, list.length)]!) };
}
