// The oracle of kill storms sees every kind of fault, on streams made up with one fault each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  judge,
  type Fault,
  type FaultKind,
  type Seen,
  type Told,
} from '../support/cluster-oracle.ts';
import { nameOf, openJournal, readJournal, type Entry, type Said } from '../support/journal.ts';

const topic = 'posts.published.v1';

function saidOf(key: string, seq: number, fate: Said['fate'] = 'insight', mark = `m${seq}`): Said {
  const id = `${key}/${seq}`;
  return { topic, key, seq, id, mark, occurredAt: 1_000 * seq, fate };
}

function told({ id, seq, mark, occurredAt }: Said): Told {
  const common = { id, seq, mark, occurredAt, revision: null, isTicket: false };
  return { ...common, receivers: ['operations'], sharedWith: null };
}

function seen(at: string, offset: number, { key, id }: Said, more: Partial<Seen>): Seen {
  const place = { topic: at, partition: 0, offset, key, id };
  return { ...place, origin: '', said: null, reason: null, ...more };
}

interface World {
  journal: Map<string, Entry>;
  streams: {
    intake: Seen[];
    signals: Seen[];
    shared: Seen[];
    dropped: Seen[];
    rejected: Seen[];
    departments: Map<string, Seen[]>;
  };
}

/** Two keys of three events each, one of them sent twice, one dropped, one rejected: nothing wrong with it. */
function soundWorld(): World {
  const said = [
    ...[1, 2, 3].flatMap((seq) => [saidOf('a', seq), saidOf('b', seq)]),
    saidOf('c', 1, 'company-author'),
    saidOf('d', 1, 'undecodable', 'undecodable'),
  ];
  const journal = new Map<string, Entry>(
    said.map((one) => [nameOf(one), { ...one, attempts: 1, acknowledged: 1 }]),
  );
  journal.get(nameOf(said[0]!))!.attempts = 2;
  const world: World = {
    journal,
    streams: {
      intake: [],
      signals: [],
      shared: [],
      dropped: [],
      rejected: [],
      departments: new Map([['operations', []]]),
    },
  };
  for (const one of [said[0]!, ...said]) addTo(world, one);
  return world;
}

function addTo({ streams }: World, one: Said): void {
  const { intake, signals, shared, dropped, rejected, departments } = streams;
  const offset = intake.length;
  const origin = `${topic}/0/${offset}`;
  const isAgain = intake.some(({ id }) => id === one.id);
  const value = one.fate === 'undecodable' ? null : told(one);
  intake.push(seen(topic, offset, one, { said: value }));
  if (isAgain) dropped.push(seen('d', offset, one, { origin, reason: 'duplicate' }));
  else if (one.fate === 'company-author')
    dropped.push(seen('d', offset, one, { origin, reason: one.fate }));
  else if (one.fate === 'undecodable')
    rejected.push(seen('r', offset, one, { origin, reason: one.fate }));
  else {
    signals.push(seen('signals', offset, one, { origin, said: value }));
    shared.push(seen('shared', offset, one, { origin, said: value }));
    departments.get('operations')!.push(
      seen('operations', offset, one, {
        origin,
        said: { ...value!, sharedWith: ['operations'] },
      }),
    );
  }
}

function kindsOf({ journal, streams }: World): readonly string[] {
  return [...new Set(judge(journal, streams).faults.map(({ kind, hop }) => `${kind} ${hop}`))];
}

type Planting = readonly [
  name: string,
  plant: (world: World) => void,
  sees: FaultKind,
  hop: Fault['hop'],
];

const of = (world: World, id: string): Seen[] => {
  const { intake, signals, shared, departments } = world.streams;
  return [intake, signals, shared, departments.get('operations')!].map((records) =>
    records.find((record) => record.id === id)!,
  );
};
const without = (records: Seen[], id: string): void => {
  records.splice(
    records.findIndex((record) => record.id === id),
    1,
  );
};
const again = (records: Seen[], id: string): void => {
  records.push({ ...records.find((record) => record.id === id)!, offset: 99 });
};
const change = (records: Seen[], id: string, more: Partial<Seen>): void => {
  const index = records.findIndex((record) => record.id === id);
  records[index] = { ...records[index]!, ...more };
};
const operations = ({ streams }: World): Seen[] => streams.departments.get('operations')!;

const plantings: readonly Planting[] = [
  [
    'an acknowledged event that is on no intake topic',
    ({ journal }) => journal.set('e/1 m1', { ...saidOf('e', 1), attempts: 1, acknowledged: 1 }),
    'lost',
    'intake',
  ],
  ['a record without outcome', ({ streams }) => without(streams.shared, 'a/2'), 'lost', 'outcome'],
  ['an insight that was lost', ({ streams }) => without(streams.shared, 'a/2'), 'lost', 'shared'],
  ['a note of a drop that was lost', ({ streams }) => streams.dropped.pop(), 'lost', 'outcome'],
  ['a dead letter that was lost', ({ streams }) => streams.rejected.pop(), 'lost', 'outcome'],
  ['a signal without insight', ({ streams }) => without(streams.shared, 'b/1'), 'lost', 'shared'],
  [
    'an insight missing at its department',
    (world) => without(operations(world), 'b/3'),
    'lost',
    'operations',
  ],
  [
    'a record more often there than sent',
    ({ streams }) => again(streams.intake, 'b/1'),
    'duplicated',
    'intake',
  ],
  ['a signal twice', ({ streams }) => again(streams.signals, 'b/1'), 'duplicated', 'signals'],
  ['an insight twice', ({ streams }) => again(streams.shared, 'b/1'), 'duplicated', 'shared'],
  [
    'a record with two outcomes',
    ({ streams }) => again(streams.shared, 'b/1'),
    'duplicated',
    'outcome',
  ],
  [
    'an insight twice at its department',
    (world) => again(operations(world), 'a/1'),
    'duplicated',
    'operations',
  ],
  [
    'a note of a drop twice',
    ({ streams }) => again(streams.dropped, 'c/1'),
    'duplicated',
    'outcome',
  ],
  [
    'the second sight of an event that became an insight of its own',
    ({ streams }) => {
      const { origin } = streams.dropped.find(({ reason }) => reason === 'duplicate')!;
      const index = streams.dropped.findIndex(({ reason }) => reason === 'duplicate');
      streams.dropped.splice(index, 1);
      streams.shared.push({
        ...streams.shared.find(({ id }) => id === 'a/1')!,
        origin,
        offset: 99,
      });
    },
    'duplicated',
    'shared',
  ],
  ['a record that nobody sent', (world) => addTo(world, saidOf('f', 1)), 'phantom', 'intake'],
  [
    'an insight of nothing',
    ({ streams }) =>
      streams.shared.push(
        seen('shared', 50, saidOf('f', 1), { origin: `${topic}/0/77`, said: told(saidOf('f', 1)) }),
      ),
    'phantom',
    'outcome',
  ],
  [
    'an insight at a department that it is not for',
    (world) => world.streams.departments.set('billing', [{ ...operations(world)[0]! }]),
    'phantom',
    'billing',
  ],
  [
    'two of a key that changed places at the intake',
    ({ streams: { intake } }) => {
      change(intake, 'b/1', { offset: 6 });
      const b3 = intake.findIndex(({ id }) => id === 'b/3');
      intake[b3] = { ...intake[b3]!, offset: 2 };
    },
    'reordered',
    'intake',
  ],
  [
    'an older insight after a newer one',
    ({ streams }) => change(streams.shared, 'a/1', { offset: 90 }),
    'reordered',
    'shared',
  ],
  [
    'an older one at its department',
    (world) => change(operations(world), 'a/1', { offset: 90 }),
    'reordered',
    'operations',
  ],
  [
    'a key on two partitions',
    ({ streams }) => change(streams.shared, 'a/2', { partition: 1 }),
    'reordered',
    'shared',
  ],
  [
    'words of another',
    ({ streams }) => {
      const [, , insight] = of({ journal: new Map(), streams }, 'a/2');
      change(streams.shared, 'a/2', { said: { ...insight!.said!, mark: 'm9' } });
    },
    'altered',
    'shared',
  ],
  [
    'a value that cannot be decoded',
    ({ streams }) => change(streams.shared, 'a/2', { said: null }),
    'altered',
    'shared',
  ],
  [
    'a ticket that lacks an update',
    ({ streams }) => {
      const [, , insight] = of({ journal: new Map(), streams }, 'a/3');
      const said = { ...insight!.said!, isTicket: true, revision: 2 };
      change(streams.shared, 'a/3', { said });
    },
    'altered',
    'shared',
  ],
  [
    'another time at the intake',
    ({ streams }) => {
      const [record] = of({ journal: new Map(), streams }, 'a/3');
      change(streams.intake, 'a/3', { said: { ...record!.said!, occurredAt: 7 } });
    },
    'altered',
    'intake',
  ],
  [
    'a department that tells of others than received it',
    (world) => {
      const [record] = operations(world);
      change(operations(world), record!.id, { said: { ...record!.said!, sharedWith: ['it'] } });
    },
    'altered',
    'operations',
  ],
  [
    'a first sight that is called a duplicate',
    ({ streams }) => {
      const { origin } = streams.shared.find(({ id }) => id === 'b/2')!;
      without(streams.shared, 'b/2');
      streams.dropped.push(seen('d', 60, saidOf('b', 2), { origin, reason: 'duplicate' }));
    },
    'misjudged',
    'outcome',
  ],
];

describe('the oracle of kill storms', () => {
  it('finds nothing wrong with sound streams, and they add up', () => {
    const { journal, streams } = soundWorld();
    const judgement = judge(journal, streams);
    expect(judgement.faults).toEqual([]);
    expect(judgement).toMatchObject({
      acknowledged: 8,
      accepted: 9,
      insights: 6,
      dropped: 2,
      rejected: 1,
      inDepartments: 6,
    });
  });

  it.each(plantings)('sees %s', (_name, plant, sees, hop) => {
    const world = soundWorld();
    plant(world);
    expect(kindsOf(world)).toContain(`${sees} ${hop}`);
  });

  it('does not ask for what was never acknowledged', () => {
    const world = soundWorld();
    world.journal.set('e/1 m1', { ...saidOf('e', 1), attempts: 3, acknowledged: 0 });
    expect(kindsOf(world)).toEqual([]);
  });
});

describe('the journal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-journal-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('tells attempts and acknowledgements of each event, its last line cut by a crash or not', async () => {
    const path = join(folder, 'journal.jsonl');
    const journal = openJournal(path);
    const [one, two] = [saidOf('a', 1), saidOf('a', 2)];
    journal.sending([one, two]);
    await journal.acknowledged([one]);
    journal.sending([two]);
    await Promise.all([journal.acknowledged([two]), journal.acknowledged([one])]);
    await journal.close();
    writeFileSync(path, '{"sent":{"topic"', { flag: 'a' });
    expect([...readJournal(path).values()]).toEqual([
      { ...one, attempts: 1, acknowledged: 2 },
      { ...two, attempts: 2, acknowledged: 1 },
    ]);
  });
});
