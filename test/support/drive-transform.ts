// Drives a transform on records as the engine would, with claims in memory: what it emits, drops and rejects.
import type { Claim, ClaimOutcome, Position } from '#core/log/port.ts';
import { beginWork, type Input, type Transform } from '#core/stage.ts';
import type { Topic } from '#core/topic.ts';

export interface Driven {
  readonly emitted: readonly { readonly topic: string; readonly record: unknown }[];
  readonly dropped: readonly string[];
  readonly rejected: readonly { readonly reason: string; readonly detail: string }[];
}

export interface Driver<In> {
  /** Processes one batch; offsets go on from batch to batch. */
  send(topic: Topic<never>, ...records: In[]): Promise<Driven>;
  /** The batch before, delivered once more. */
  redeliver(): Promise<Driven>;
}

export function driveTransform<In, Loaded>(stage: Transform<In, Loaded>): Driver<In> {
  const claims = createClaims();
  const ends = new Map<string, number>();
  let last: { topic: Topic<never>; inputs: Input<In>[] } | undefined;

  const run = async (topic: string, inputs: readonly Input<In>[]): Promise<Driven> => {
    const claim = (asked: readonly Claim[]): Promise<ClaimOutcome[]> =>
      Promise.resolve(claims(topic, asked));
    const loaded = (await stage.load?.(inputs, { claim })) as Loaded;
    const work = beginWork(stage);
    const verdicts = inputs.map((input) => work.decide(input, loaded));
    work.committed?.();
    return {
      emitted: verdicts.flatMap((verdict) =>
        verdict.kind === 'emit'
          ? verdict.outputs.map((out) => ({ topic: out.topic.name, record: out.record }))
          : [],
      ),
      dropped: verdicts.flatMap((verdict) => (verdict.kind === 'drop' ? [verdict.reason] : [])),
      rejected: verdicts.flatMap((verdict) =>
        verdict.kind === 'reject' ? [{ reason: verdict.reason, detail: verdict.detail }] : [],
      ),
    };
  };

  return {
    send(topic, ...records) {
      const end = ends.get(topic.name) ?? 0;
      ends.set(topic.name, end + records.length);
      const inputs = records.map((record, index) => ({
        record,
        index,
        received: {
          topic: topic.name,
          partition: 0,
          offset: end + index,
          key: null,
          value: null,
          headers: {},
          timestamp: 0,
        },
      }));
      last = { topic, inputs };
      return run(topic.name, inputs);
    },
    redeliver() {
      if (last === undefined) throw new Error('nothing was sent yet');
      return run(last.topic.name, last.inputs);
    },
  };
}

function createClaims(): (topic: string, asked: readonly Claim[]) => ClaimOutcome[] {
  const owners = new Map<string, { owner: Position; content: string }>();
  const histories = new Map<string, { offset: number; payload: Uint8Array }[]>();
  return (topic, asked) =>
    asked.map(({ id, content, offset, entity, payload }) => {
      const known = owners.get(id);
      const isOwner = known === undefined || known.owner.offset === offset;
      if (known === undefined) owners.set(id, { owner: { topic, partition: 0, offset }, content });
      const { owner, content: ownerContent } = owners.get(id)!;
      if (entity === undefined || payload === undefined)
        return { owner, ownerContent, history: [] };
      const history = histories.get(entity) ?? [];
      if (isOwner && !history.some((entry) => entry.offset === offset))
        history.push({ offset, payload });
      histories.set(entity, history);
      return {
        owner,
        ownerContent,
        history: history.filter((entry) => entry.offset <= offset).map((entry) => entry.payload),
      };
    });
}
