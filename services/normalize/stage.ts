// normalize: makes one signal of each thing said. Redacts, gives customers pseudonyms, merges partial ticket updates,
// finds language and place, and drops what a sender sent twice.
import type { Signal } from '#schemas/signal.ts';
import type { ClaimOutcome } from '#core/log/port.ts';
import { drop, emit, reject, to, type Input, type Transform, type Verdict } from '#core/stage.ts';
import {
  postsPublished,
  signalsNormalized,
  surveysAnswered,
  ticketsReported,
} from '../topology.ts';
import type { Draft, IntakeRecord, Normalizer } from './draft.ts';
import { mergeTicket, type TicketUpdate } from './ticket.ts';

export type NormalizeReason =
  /** The company's own post: not a customer's voice. */
  | 'company-author'
  /** The sender sent the same thing again. */
  | 'duplicate'
  /** The same id and version as before, with other content: a person has to look. */
  | 'id-conflict'
  /** A ticket update that changes nothing of what is known. */
  | 'no-change';

/** Per record of the batch: its draft, and what the claim of its id found; undefined for records not claimed. */
export interface Loaded {
  readonly drafts: readonly (Draft | undefined)[];
  readonly outcomes: readonly (ClaimOutcome | undefined)[];
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** @param drafting turns one intake record into a draft; see `draft.ts`. */
export function createNormalize(
  drafting: Normalizer,
): Transform<IntakeRecord, Loaded, NormalizeReason> {
  return {
    kind: 'transform',
    name: 'normalize',
    inputs: [ticketsReported, postsPublished, surveysAnswered],

    async load(batch, context) {
      const drafts = batch.map(({ record, received }) => drafting(record, received.topic));
      const claimed = drafts.flatMap((draft, index) =>
        draft === undefined ? [] : [{ draft, index }],
      );
      const found = await context.claim(
        claimed.map(({ draft, index }) => ({
          id: draft.signal.id,
          content: draft.content,
          offset: batch[index]!.received.offset,
          ...(draft.update === null
            ? {}
            : { entity: draft.entity, payload: encoder.encode(JSON.stringify(draft.update)) }),
        })),
      );
      const outcomes: (ClaimOutcome | undefined)[] = Array.from({ length: batch.length });
      claimed.forEach(({ index }, i) => (outcomes[index] = found[i]));
      return { drafts, outcomes };
    },

    decide: ({ received, index }, { drafts, outcomes }) =>
      judge(received, drafts[index], outcomes[index]),
  };
}

function judge(
  { topic, partition, offset }: Input<IntakeRecord>['received'],
  draft: Draft | undefined,
  outcome: ClaimOutcome | undefined,
): Verdict<NormalizeReason> {
  if (draft === undefined || outcome === undefined) return drop('company-author');
  const { owner, ownerContent, history } = outcome;
  const isOwner = owner.topic === topic && owner.partition === partition && owner.offset === offset;
  if (!isOwner) {
    if (ownerContent === draft.content) return drop('duplicate');
    const where = `${owner.topic}, partition ${owner.partition}, offset ${owner.offset}`;
    return reject('id-conflict', `id and version came before with other content (${where})`);
  }
  if (draft.update === null) return emit([to(signalsNormalized, draft.signal)]);
  const updates = history.map((payload) => JSON.parse(decoder.decode(payload)) as TicketUpdate);
  const signal: Signal | null = mergeTicket(draft.signal, updates);
  return signal === null ? drop('no-change') : emit([to(signalsNormalized, signal)]);
}
