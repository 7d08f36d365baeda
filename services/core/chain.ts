// Hop fusion: a transform and those that read what it writes, run on each record in one go and committed in one
// transaction. The streams are the same as when every stage reads its own topic.
import {
  beginWork,
  emit,
  type Input,
  type Output,
  type Transform,
  type Verdict,
  type Work,
} from './stage.ts';

/** A transform that can follow another: it loads nothing, and it never drops or rejects. */
// oxlint-disable-next-line typescript/no-explicit-any -- what a follower reads is the output of those before it
export type Follower = Transform<any, undefined, never>;

/**
 * `first` with `followers`, in flow order. Records on topics that a follower reads are handed to it at once; on the topic
 * they say that it has had them (`header.carried`), so that a copy of the follower that runs by itself passes them over.
 * @param unwritten names of topics between the stages that nobody else reads: their records are not written at all.
 */
export function chain<In, Loaded, Reason extends string>(
  first: Transform<In, Loaded, Reason>,
  followers: readonly Follower[],
  unwritten: ReadonlySet<string>,
): Transform<In, Loaded, Reason> {
  const readers = new Map<string, { at: number; carriedTo: Output['carriedTo'] }>();
  for (const [at, follower] of followers.entries()) {
    const { name: stage, inputs } = follower;
    if (follower.load !== undefined)
      throw new Error(`${stage} loads what it needs in bulk: it cannot follow another`);
    for (const { name } of inputs)
      readers.set(name, { at, carriedTo: { stage, isWritten: !unwritten.has(name) } });
  }

  /** The work of all on one batch, each member's begun with it. */
  function begin(): Work<In, Loaded, Reason> {
    const leading = beginWork(first);
    const following = followers.map((follower) => beginWork(follower));

    function follow(
      outputs: readonly Output[],
      by: string | undefined,
      from: Pick<Input<In>, 'received' | 'index'>,
      into: Output[],
    ): void {
      for (const { topic, record, repeats } of outputs) {
        const reader = readers.get(topic.name);
        into.push({ topic, record, repeats, by, carriedTo: reader?.carriedTo });
        if (reader === undefined) continue;
        const { at } = reader;
        const verdict: Verdict<never> = following[at]!.decide({ ...from, record }, undefined);
        if (verdict.kind === 'emit') follow(verdict.outputs, followers[at]!.name, from, into);
      }
    }

    return {
      decide(input, loaded) {
        const verdict = leading.decide(input, loaded);
        if (verdict.kind !== 'emit') return verdict;
        const outputs: Output[] = [];
        follow(verdict.outputs, undefined, input, outputs);
        return emit(outputs);
      },
      committed() {
        leading.committed?.();
        for (const work of following) work.committed?.();
      },
    };
  }

  return {
    ...first,
    carries: followers.flatMap(({ name: stage, inputs }) =>
      inputs.map((topic) => ({ stage, topic: topic.name })),
    ),
    begin,
    decide: (input, loaded) => begin().decide(input, loaded),
  };
}
