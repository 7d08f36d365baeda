// What readers said of insights, joined with the data a model is trained on.
import type { Example, Label } from './examples.ts';

/**
 * The examples with what readers said: of a text that is there their word replaces the label of what they spoke of, any other
 * becomes an example of its own, known only in part.
 */
export function withJudgements(
  examples: readonly Example[],
  judged: readonly Example[],
): readonly Example[] {
  const places = new Map<string, number>();
  for (const [at, { text }] of examples.entries()) if (!places.has(text)) places.set(text, at);
  const joined = [...examples];
  for (const each of judged) {
    const at = places.get(each.text);
    if (at === undefined) {
      joined.push(each);
      continue;
    }
    const before = joined[at]!;
    const labels = { ...before.labels };
    for (const [task, label] of Object.entries(each.labels))
      labels[task] = corrected(labels[task], label);
    joined[at] = { ...before, labels };
  }
  return joined;
}

function corrected(before: Label | undefined, said: Label): Label {
  if (said.kind !== 'some') return said;
  if (before?.kind === 'all') {
    const kept = before.names.filter((name) => said.known[name] !== false);
    const added = Object.keys(said.known).filter(
      (name) => said.known[name] === true && !kept.includes(name),
    );
    return { kind: 'all', names: [...kept, ...added] };
  }
  if (before?.kind === 'some') return { kind: 'some', known: { ...before.known, ...said.known } };
  return said;
}
