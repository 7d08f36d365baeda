// Judges the streams of a cluster by the journal of those who sent: what is lost, there twice, from nowhere, out of
// order or changed, hop by hop. Pure, and knows nothing of how the pipeline works inside.
import { nameOf, type Journal } from './journal.ts';

/** A record as the oracle reads it: where it stands, and what it says of itself. */
export interface Seen {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** `ce_id`. */
  readonly id: string;
  /** `topic/partition/offset` of the intake record that it says it stems from. */
  readonly origin: string;
  /** Of a record that could be decoded. */
  readonly said: Told | null;
  /** Of a dropped or rejected record. */
  readonly reason: string | null;
}

export interface Told {
  /** Source, id and version as the value has them: not what a header says. */
  readonly id: string;
  readonly seq: number;
  readonly mark: string;
  readonly occurredAt: number;
  /** Of a signal or insight: how many updates of a ticket it tells of. */
  readonly revision: number | null;
  /** Of a signal or insight of a ticket. */
  readonly isTicket: boolean;
  /** Of an insight: the departments it has to go to. */
  readonly receivers: readonly string[];
  /** Of an insight on a department's stream: those it says it went to. */
  readonly sharedWith: readonly string[] | null;
}

export interface Streams {
  readonly intake: readonly Seen[];
  /** Undefined when the topic between is not written. */
  readonly signals: readonly Seen[] | undefined;
  readonly shared: readonly Seen[];
  readonly dropped: readonly Seen[];
  readonly rejected: readonly Seen[];
  /** By department. */
  readonly departments: ReadonlyMap<string, readonly Seen[]>;
}

export const faultKinds = [
  'lost',
  'duplicated',
  'phantom',
  'reordered',
  'altered',
  'misjudged',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Where it was first missed or met: intake, signals, shared, outcome, or the department. */
  readonly hop: string;
  readonly what: string;
}

export interface Judgement {
  readonly acknowledged: number;
  /** Records on the intake topics, senders' retries included. */
  readonly accepted: number;
  readonly insights: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly inDepartments: number;
  readonly counts: Readonly<Record<FaultKind, number>>;
  readonly faults: readonly Fault[];
}

export function judge(journal: Journal, streams: Streams): Judgement {
  const { intake, signals, shared, dropped, rejected, departments } = streams;
  const faults: Fault[] = [];
  const find = (kind: FaultKind, hop: string, what: string): void => {
    faults.push({ kind, hop, what });
  };

  const fates = judgeIntake(journal, intake, find);
  const outcomes = judgeOutcomes(fates, streams, find);

  // What acknowledged events came to, by themselves and not by what the intake holds.
  for (const [name, { fate, acknowledged }] of journal) {
    if (acknowledged > 0 && fate === 'insight' && !outcomes.insights.has(name))
      find('lost', 'shared', `${name} was acknowledged and became no insight`);
  }

  judgeStream(shared, 'shared', fates, find);
  if (signals !== undefined) {
    judgeStream(signals, 'signals', fates, find);
    judgeSame(signals, 'signals', shared, 'shared', find);
  }
  for (const [department, records] of departments) {
    judgeStream(records, department, fates, find);
    const due = shared.filter(({ said }) => said?.receivers.includes(department));
    judgeSame(due, 'shared', records, department, find);
    for (const { id, said } of records) {
      const tells = said?.sharedWith?.toSorted().join() ?? 'nothing';
      const owed = said?.receivers.toSorted().join() ?? '';
      if (tells !== owed)
        find('altered', department, `${id} says it went to ${tells}, not ${owed}`);
    }
  }

  const counts = Object.fromEntries(
    faultKinds.map((kind) => [kind, faults.filter((fault) => fault.kind === kind).length]),
  ) as Record<FaultKind, number>;
  return {
    acknowledged: [...journal.values()].filter((entry) => entry.acknowledged > 0).length,
    accepted: intake.length,
    insights: shared.length,
    dropped: dropped.length,
    rejected: rejected.length,
    inDepartments: [...departments.values()].reduce((sum, records) => sum + records.length, 0),
    counts,
    faults,
  };
}

type Find = (kind: FaultKind, hop: string, what: string) => void;

interface Owed {
  /** Of the journal; undefined for a phantom. */
  readonly name: string | undefined;
  readonly key: string;
  /** The outcomes that are right: `insight`, or a reason. */
  readonly right: readonly string[];
}

/** What is owed to each intake record, by its place. */
function judgeIntake(journal: Journal, intake: readonly Seen[], find: Find): Map<string, Owed> {
  const owed = new Map<string, Owed>();
  const copies = new Map<string, number>();
  const order = new Order('intake', find);
  for (const record of inOrder(intake)) {
    // What cannot be decoded was sent so: its headers name it.
    const name = nameOf(
      record.said === null ? { id: record.id, mark: 'undecodable' } : record.said,
    );
    const entry = journal.get(name);
    if (entry === undefined || entry.topic !== record.topic || entry.key !== record.key) {
      find('phantom', 'intake', `${name} at ${placeOf(record)} was never sent so`);
      owed.set(placeOf(record), { name: undefined, key: '', right: [] });
      continue;
    }
    const { key, seq, fate, attempts, occurredAt } = entry;
    if (record.said !== null && record.said.occurredAt !== occurredAt)
      find('altered', 'intake', `${name} has another time`);
    const copy = (copies.get(name) ?? 0) + 1;
    copies.set(name, copy);
    if (copy > attempts) find('duplicated', 'intake', `${name}: ${copy} of ${attempts} attempts`);
    if (copy === 1 && fate !== 'id-conflict') order.next(record, seq);
    const again = fate === 'insight' ? ['duplicate'] : [fate];
    owed.set(placeOf(record), { name, key, right: copy === 1 ? [fate] : again });
  }
  for (const [name, { acknowledged }] of journal) {
    if (acknowledged > 0 && !copies.has(name))
      find('lost', 'intake', `${name} was acknowledged and is on no intake topic`);
  }
  return owed;
}

/** Each accepted record has one outcome, and the right one. */
function judgeOutcomes(
  owed: ReadonlyMap<string, Owed>,
  { shared, dropped, rejected }: Streams,
  find: Find,
): { readonly insights: ReadonlySet<string> } {
  const insights = new Set<string>();
  const met = new Map<string, string>();
  const settle = (record: Seen, outcome: string): void => {
    const { origin } = record;
    const due = owed.get(origin);
    if (due === undefined) return find('phantom', 'outcome', `${outcome} of ${origin}, not there`);
    const before = met.get(origin);
    if (before !== undefined)
      return find('duplicated', 'outcome', `${origin} ended as ${before} and as ${outcome}`);
    met.set(origin, outcome);
    if (due.name !== undefined && !due.right.includes(outcome))
      find('misjudged', 'outcome', `${due.name} (${origin}): ${outcome}, not ${due.right.join()}`);
    if (outcome === 'insight' && due.name !== undefined) insights.add(due.name);
  };
  for (const record of shared) settle(record, 'insight');
  for (const record of [...dropped, ...rejected]) settle(record, record.reason ?? 'no reason');
  for (const [origin, { name }] of owed) {
    if (!met.has(origin)) find('lost', 'outcome', `${name ?? 'a phantom'} (${origin}) has none`);
  }
  return { insights };
}

/** Ids once, keys in order, and each record what its origin was. */
function judgeStream(
  records: readonly Seen[],
  hop: string,
  owed: ReadonlyMap<string, Owed>,
  find: Find,
): void {
  const ids = new Set<string>();
  const order = new Order(hop, find);
  for (const record of inOrder(records)) {
    const { said, origin, id, key } = record;
    const due = owed.get(origin);
    if (said === null) {
      find('altered', hop, `${id} at ${placeOf(record)} cannot be decoded`);
      continue;
    }
    if (due === undefined) {
      find('phantom', hop, `${id} stems from ${origin}, which is not there`);
      continue;
    }
    if (ids.has(said.id)) find('duplicated', hop, `${said.id} again at ${placeOf(record)}`);
    ids.add(said.id);
    if (key !== due.key || due.name !== nameOf(said))
      find('altered', hop, `${key} ${nameOf(said)} stems from ${due.name} (${origin})`);
    if (said.isTicket && said.revision !== said.seq)
      find('altered', hop, `${said.id} has revision ${said.revision}`);
    order.next(record, said.seq);
  }
}

/** Ids of one stream that the next does not have, and the other way round. */
function judgeSame(
  from: readonly Seen[],
  fromHop: string,
  records: readonly Seen[],
  hop: string,
  find: Find,
): void {
  const due = new Set(from.map(({ id }) => id));
  const there = new Set(records.map(({ id }) => id));
  for (const id of due) if (!there.has(id)) find('lost', hop, `${id} is on ${fromHop}`);
  for (const id of there) if (!due.has(id)) find('phantom', hop, `${id} is not on ${fromHop}`);
}

/** Holds that a key stays on its partition, and that its seqs grow. */
class Order {
  readonly #last = new Map<string, { readonly partition: number; seq: number }>();
  readonly #hop: string;
  readonly #find: Find;

  constructor(hop: string, find: Find) {
    this.#hop = hop;
    this.#find = find;
  }

  next({ key, topic, partition, offset }: Seen, seq: number): void {
    const name = `${topic} ${key}`;
    const last = this.#last.get(name);
    const at = `${topic}/${partition}/${offset}`;
    if (last === undefined) {
      this.#last.set(name, { partition, seq });
      return;
    }
    if (last.partition !== partition)
      this.#find('reordered', this.#hop, `${key} is on partitions ${last.partition} and ${at}`);
    if (seq < last.seq)
      this.#find('reordered', this.#hop, `${key}: ${seq} after ${last.seq} at ${at}`);
    last.seq = Math.max(last.seq, seq);
  }
}

function inOrder(records: readonly Seen[]): readonly Seen[] {
  return records.toSorted(
    (a, b) =>
      (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) ||
      a.partition - b.partition ||
      a.offset - b.offset,
  );
}

export function placeOf({ topic, partition, offset }: Seen): string {
  return `${topic}/${partition}/${offset}`;
}
