// What readers said of insights, joined with the data a model is trained on.
import type { Example, Label } from './examples.ts';

/**
 * The examples with what readers said: of every row of a text that is there their word replaces the label of what they spoke
 * of, any other text becomes an example of its own, known only in part. A class of a single choice that the data does not
 * have is a slip of the pen more often than a class, and is left out.
 */
export function withJudgements(
  examples: readonly Example[],
  judged: readonly Example[],
): readonly Example[] {
  const choices = choicesOf(examples);
  const places = new Map<string, number[]>();
  for (const [at, { text }] of examples.entries())
    places.set(text, [...(places.get(text) ?? []), at]);
  const joined = [...examples];
  for (const each of judged) {
    const said = Object.entries(each.labels).filter(
      ([task, label]) => label.kind !== 'one' || choices.get(task)?.has(label.name) === true,
    );
    if (said.length === 0) continue;
    const known = places.get(each.text) ?? [];
    for (const at of known) {
      const before = joined[at]!;
      const labels = { ...before.labels };
      for (const [task, label] of said) labels[task] = corrected(labels[task], label);
      joined[at] = { ...before, labels };
    }
    if (known.length === 0) joined.push({ ...each, labels: Object.fromEntries(said) });
  }
  return joined;
}

/** By task the classes that the data chooses from. */
function choicesOf(examples: readonly Example[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { labels } of examples) {
    for (const [task, label] of Object.entries(labels)) {
      if (label.kind !== 'one') continue;
      const names = found.get(task) ?? new Set();
      found.set(task, names.add(label.name));
    }
  }
  return found;
}

function corrected(before: Label | undefined, said: Label): Label {
  if (said.kind !== 'some' || before === undefined) return said;
  if (before.kind === 'some') return { kind: 'some', known: { ...before.known, ...said.known } };
  const names = before.kind === 'one' ? [before.name] : before.names;
  const kept = names.filter((name) => said.known[name] !== false);
  const added = Object.keys(said.known).filter(
    (name) => said.known[name] === true && !kept.includes(name),
  );
  return { kind: 'all', names: [...kept, ...added] };
}
