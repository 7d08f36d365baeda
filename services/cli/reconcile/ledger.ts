// The account of a reconciliation: what was accepted against what became of it, one byte to a record. Pure: it is fed
// with records' headers and gives the result.
import type { Headers, PartitionStatus } from '#core/log/port.ts';
import { header, isOfEarlierTopic, sourceOf } from '#core/topic.ts';

export type OutcomeKind = 'insights' | 'dropped' | 'rejected';

/** Records of one source. */
export interface Totals {
  accepted: number;
  insights: number;
  dropped: number;
  rejected: number;
}

/** The same by reason. */
export interface Reasons {
  readonly dropped: Record<string, number>;
  readonly rejected: Record<string, number>;
}

interface Account {
  readonly totals: Totals;
  readonly reasons: Reasons;
}

export interface Verdict {
  /** Accepted, without an outcome yet, and not past every stage. */
  readonly inFlight: number;
  /** Accepted, past every stage, and without an outcome: lost. */
  readonly missing: number;
  /** Accepted, with more outcomes than one. */
  readonly doubled: number;
  /** Outcomes that stem from no record accepted. */
  readonly unexplained: number;
  /** Outcomes brought back from the archive, whose records were accepted on topics that are gone. */
  readonly restored: number;
  /** `topic/partition/offset` of the first few that are missing or doubled. */
  readonly examples: { readonly missing: readonly string[]; readonly doubled: readonly string[] };
}

export interface Ledger {
  /** By source. */
  readonly accounts: ReadonlyMap<string, Account>;
  /** A record of an intake topic. Must come before the outcomes. */
  accepted(topic: string, partition: number, offset: number, headers: Headers): void;
  /**
   * Where the intake topics end after the outcomes were written. Must come before the outcomes: one that stems from
   * beyond is of no record accepted.
   */
  extendTo(topic: string, partition: number, end: number): void;
  /** A record put back on a later topic stands for its origin once more. */
  replayed(headers: Headers): void;
  outcome(kind: OutcomeKind, headers: Headers, reason?: string): void;
  /** Whether a record stems from one that was accepted. */
  isOfAccepted(headers: Headers): boolean;
  /** An insight that the last stage dropped or rejected: it counts as that instead. */
  turned(kind: 'dropped' | 'rejected', headers: Headers, reason: string): void;
  /** A record on a department's stream. */
  published(headers: Headers): void;
  /** A record between the stages, still to be judged. */
  waiting(headers: Headers): void;
  /** @param firstStage offset by `topic/partition` up to which the first stage has read */
  close(firstStage: ReadonlyMap<string, number>): Verdict;
}

interface Lane extends Pick<PartitionStatus, 'start' | 'end'> {
  readonly marks: Uint8Array;
  /** End after the outcomes: from `end` up to here lies what came while this account was made. */
  horizon: number;
  /** Times a record was put back on a later topic, by offset. Rare. */
  readonly replays: Map<number, number>;
}

const isAccepted = 0x80;
const isWaiting = 0x40;
const outcomeMask = 0x0f;
const mostExamples = 5;
/** What it brought back it has had already. */
const archiveStage = 'archive';

/** @param ranges what is held of the intake topics, `start` inclusive to `end` exclusive */
export function createLedger(
  ranges: readonly ({ readonly topic: string } & PartitionStatus)[],
): Ledger {
  const lanes = new Map<string, Lane>();
  for (const { topic, partition, start, end } of ranges) {
    lanes.set(`${topic}/${partition}`, {
      start,
      end,
      horizon: end,
      marks: new Uint8Array(end - start),
      replays: new Map(),
    });
  }
  const accounts = new Map<string, Account>();
  let unexplained = 0;
  let restored = 0;

  function accountOf(headers: Headers): Account {
    const source = sourceOf(headers) ?? 'unknown';
    let account = accounts.get(source);
    if (account === undefined) {
      account = {
        totals: { accepted: 0, insights: 0, dropped: 0, rejected: 0 },
        reasons: { dropped: {}, rejected: {} },
      };
      accounts.set(source, account);
    }
    return account;
  }

  // Where the last origin was found: a field rather than a result, for there are millions.
  let lane: Lane | undefined;
  let at = 0;

  /** Finds the accepted record that an origin names. False when it is history, or came after this account began. */
  function find(origin: string): boolean {
    const slash = origin.lastIndexOf('/');
    lane = lanes.get(origin.slice(0, slash));
    const offset = Number(origin.slice(slash + 1));
    if (lane === undefined || !Number.isSafeInteger(offset) || slash < 0) {
      lane = undefined;
      return false;
    }
    at = offset - lane.start;
    return at >= 0 && offset < lane.end && (lane.marks[at]! & isAccepted) !== 0;
  }

  /** Whether the origin that was not found is of no record that was ever accepted. */
  function isOfNone(): boolean {
    return lane === undefined || at + lane.start >= lane.horizon;
  }

  function note({ totals, reasons }: Account, kind: OutcomeKind, reason: string | undefined): void {
    totals[kind] += 1;
    if (reason === undefined || kind === 'insights') return;
    reasons[kind][reason] = (reasons[kind][reason] ?? 0) + 1;
  }

  return {
    accounts,

    accepted(topic, partition, offset, headers) {
      const held = lanes.get(`${topic}/${partition}`)!;
      held.marks[offset - held.start]! |= isAccepted;
      accountOf(headers).totals.accepted += 1;
    },

    extendTo(topic, partition, end) {
      const held = lanes.get(`${topic}/${partition}`);
      if (held !== undefined) held.horizon = Math.max(held.end, end);
    },

    replayed(headers) {
      const origin = headers[header.origin];
      if (origin === undefined || !find(origin)) return;
      const offset = at + lane!.start;
      lane!.replays.set(offset, (lane!.replays.get(offset) ?? 0) + 1);
      accountOf(headers).totals.accepted += 1;
    },

    outcome(kind, headers, reason) {
      const origin = headers[header.origin];
      if (origin === undefined) {
        // The gateway's own: a bad line of a file is accepted and judged at once. Insights have no such short cut.
        if (headers[header.carried] === archiveStage) restored += 1;
        if (kind === 'insights') unexplained += 1;
        const account = accountOf(headers);
        if (kind !== 'insights') account.totals.accepted += 1;
        note(account, kind, reason);
        return;
      }
      if (isOfEarlierTopic(origin)) {
        // That it was accepted is told by its outcome alone.
        const account = accountOf(headers);
        account.totals.accepted += 1;
        restored += 1;
        note(account, kind, reason);
        return;
      }
      if (!find(origin)) {
        if (isOfNone()) unexplained += 1;
        return;
      }
      const { marks } = lane!;
      if ((marks[at]! & outcomeMask) < outcomeMask) marks[at]! += 1;
      note(accountOf(headers), kind, reason);
    },

    isOfAccepted(headers) {
      const origin = headers[header.origin];
      return origin !== undefined && (isOfEarlierTopic(origin) || find(origin));
    },

    turned(kind, headers, reason) {
      const origin = headers[header.origin];
      if (origin === undefined || !(isOfEarlierTopic(origin) || find(origin))) return;
      const account = accountOf(headers);
      account.totals.insights -= 1;
      note(account, kind, reason);
    },

    published(headers) {
      const origin = headers[header.origin];
      if (origin !== undefined && isOfEarlierTopic(origin)) return;
      if (origin === undefined || (!find(origin) && isOfNone())) unexplained += 1;
    },

    waiting(headers) {
      const origin = headers[header.origin];
      if (origin !== undefined && find(origin)) lane!.marks[at]! |= isWaiting;
    },

    close(firstStage) {
      let inFlight = 0;
      let missing = 0;
      let doubled = 0;
      const examples = { missing: [] as string[], doubled: [] as string[] };
      for (const [name, { start, marks, replays }] of lanes) {
        const read = firstStage.get(name) ?? start;
        for (let i = 0; i < marks.length; i += 1) {
          const mark = marks[i]!;
          // The usual case first: accepted, one outcome.
          if ((mark & ~isWaiting) === (isAccepted | 1) && replays.size === 0) continue;
          if ((mark & isAccepted) === 0) continue;
          const expected = 1 + (replays.get(start + i) ?? 0);
          const outcomes = mark & outcomeMask;
          if (outcomes > expected) {
            doubled += 1;
            if (examples.doubled.length < mostExamples)
              examples.doubled.push(`${name}/${start + i}`);
          } else if (outcomes < expected) {
            if ((mark & isWaiting) !== 0 || start + i >= read) inFlight += expected - outcomes;
            else {
              missing += expected - outcomes;
              if (examples.missing.length < mostExamples)
                examples.missing.push(`${name}/${start + i}`);
            }
          }
        }
      }
      return { inFlight, missing, doubled, unexplained, restored, examples };
    },
  };
}
