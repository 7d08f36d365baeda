// normalize: makes one signal of each thing said. Redacts, gives customers pseudonyms, merges partial ticket updates,
// finds language and place, and drops what a sender sent twice.
import type { ClaimOutcome } from '#core/log/port.ts';
import { drop, emit, reject, to, type Input, type Transform, type Verdict } from '#core/stage.ts';
import {
  postsPublished,
  signalsNormalized,
  surveysAnswered,
  ticketsReported,
} from '../topology.ts';
import type { Draft, IntakeRecord, Normalizer } from './draft.ts';
import { addUpdate, type Known, type TicketState, type TicketUpdate } from './ticket-state.ts';
import { ticketSignal } from './ticket.ts';

export type NormalizeReason =
  /** The company's own post: not a customer's voice. */
  | 'company-author'
  /** The sender sent the same thing again. */
  | 'duplicate'
  /** The same id and version as before, with other content: a person has to look. */
  | 'id-conflict'
  /** A ticket update that changes nothing of what is known. */
  | 'no-change';

/**
 * Per record of the batch: its draft, what the claim of its id found (undefined for records not claimed), and what is
 * known of its ticket after it: null when it adds nothing, undefined for what is no ticket.
 */
export interface Loaded {
  readonly drafts: readonly (Draft | undefined)[];
  readonly outcomes: readonly (ClaimOutcome | undefined)[];
  readonly tickets: readonly (Known | null | undefined)[];
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
      return { drafts, outcomes, tickets: mergeTickets(batch, drafts, outcomes) };
    },

    decide: ({ received, index }, { drafts, outcomes, tickets }) =>
      judge(received, drafts[index], outcomes[index], tickets[index]),
  };
}

type Received = Input<IntakeRecord>['received'];

/** Whether the id was this record's to claim: false for what came before. */
function isOwn({ topic, partition, offset }: Received, { owner }: ClaimOutcome): boolean {
  return owner.topic === topic && owner.partition === partition && owner.offset === offset;
}

function judge(
  received: Received,
  draft: Draft | undefined,
  outcome: ClaimOutcome | undefined,
  known: Known | null | undefined,
): Verdict<NormalizeReason> {
  if (draft === undefined || outcome === undefined) return drop('company-author');
  const { owner, ownerContent, history } = outcome;
  if (!isOwn(received, outcome)) {
    if (ownerContent === draft.content) return drop('duplicate');
    const where = `${owner.topic}, partition ${owner.partition}, offset ${owner.offset}`;
    return reject('id-conflict', `id and version came before with other content (${where})`);
  }
  if (known === null) return drop('no-change');
  const signal =
    known === undefined
      ? draft.signal
      : ticketSignal(draft.signal, known, Math.max(1, history.length));
  return emit([to(signalsNormalized, signal)]);
}

/**
 * What is known of each record's ticket after it. Within a batch the history of a ticket only grows, so each stored
 * update is read and merged once, however many updates of the ticket the batch holds.
 */
function mergeTickets(
  batch: readonly Input<IntakeRecord>[],
  drafts: readonly (Draft | undefined)[],
  outcomes: readonly (ClaimOutcome | undefined)[],
): (Known | null | undefined)[] {
  const states = new Map<string, TicketState>();
  return drafts.map((draft, index) => {
    const outcome = outcomes[index];
    if (draft === undefined || draft.update === null || outcome === undefined) return undefined;
    if (!isOwn(batch[index]!.received, outcome)) return undefined;
    const { history } = outcome;
    let state = states.get(draft.entity);
    let merged = state?.ordered.length ?? 0;
    if (merged >= history.length) {
      // Not what the log promises, or a claim that lost its history to retention: begin anew.
      state = undefined;
      merged = 0;
    }
    for (const payload of history.slice(merged, -1))
      state = addUpdate(state, JSON.parse(decoder.decode(payload)) as TicketUpdate);
    // The last of the history is this very update.
    state = addUpdate(state, draft.update);
    states.set(draft.entity, state);
    return state.changed ? state.known : null;
  });
}
