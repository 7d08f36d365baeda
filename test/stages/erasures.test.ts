// Erasures are known to whoever reads them, take what was said until then, and leave nothing that tells who asked.
import { describe, expect, it } from 'vitest';
import { insightCodec } from '#schemas/insight.ts';
import {
  changeErasure,
  createErased,
  newErasure,
  readErasures,
  registerErasure,
  subjectOf,
} from '../../services/archive/erasures.ts';
import { erasedInsight, stripInsight, stripRow } from '../../services/archive/strip.ts';
import { stripUpdate } from '../../services/normalize/strip-update.ts';
import { createMemoryObjects } from '../support/memory-objects.ts';
import { insightOf, noPlace, signalOf, ticketOf } from '../support/planner-records.ts';

const now = Date.UTC(2026, 10, 29);
const customer = 'k1:AAAAAAAAAAAAAAAAAAAAAA';
const deadlineMs = 30 * 86_400_000;
const erasure = newErasure([customer], { now, deadlineMs });
const [{ token } = { token: null }] = erasure.subjects;
const canary = 'KANARIENVOGEL';

const said = signalOf({
  customer,
  text: `${canary} is down`,
  question: `Why ${canary}?`,
  attributes: { [canary]: canary },
  ticket: ticketOf({ statusChangeReason: canary, status: 'closed', type: 'fault' }),
  inReplyTo: canary,
  threadId: canary,
  place: { ...noPlace, area: 'North', lat: 1, lon: 2, h3: '89283082837ffff' },
  receivedAt: now - 1,
});
const insight = insightOf(said, {
  departments: [
    {
      department: 'operations',
      relevance: 0.9,
      rest: 0.1,
      evidence: [{ kind: 'words', text: canary, start: 0, end: 3, weight: 1 }],
    },
  ],
});

describe('an erasure', () => {
  it('is registered once, read by all, and changed from whatever it is by then', async () => {
    const objects = createMemoryObjects();
    await registerErasure(objects, erasure);
    await registerErasure(objects, { ...erasure, passes: 7 });
    const other = objects.another();
    await Promise.all(
      [objects, other, objects, other].map((each) =>
        changeErasure(each, erasure.id, (one) => ({ ...one, passes: one.passes + 1 })),
      ),
    );
    expect(await readErasures(other)).toEqual([{ ...erasure, passes: 4 }]);
    expect(await changeErasure(objects, 'unknown', (one) => one)).toBeUndefined();
  });

  it('holds no pseudonym', async () => {
    const objects = createMemoryObjects();
    await registerErasure(objects, erasure);
    for (const key of objects.keys())
      expect(Buffer.from(objects.read(key)).toString()).not.toContain(customer);
  });

  it('that is damaged is told by its name, with what to do', async () => {
    const objects = createMemoryObjects();
    objects.write('_erasures/x.json', '{"id":"x"}');
    await expect(readErasures(objects)).rejects.toMatchObject({
      code: 'archive-damaged',
      message: expect.stringContaining('_erasures/x.json'),
    });
  });

  it('takes what was received until it was asked for, and no new words', () => {
    const erased = createErased([{ ...erasure, ticketsErasedAt: now + 5_000 }]);
    const of = (told: Parameters<typeof signalOf>[0]) => erased.of(signalOf({ customer, ...told }));
    expect(of({ receivedAt: now })?.token).toBe(token);
    expect(of({ receivedAt: now + 1 })).toBeUndefined();
    expect(of({ receivedAt: now, customer: 'k1:BBBBBBBBBBBBBBBBBBBBBB' })).toBeUndefined();
    expect(of({ receivedAt: now, customer: null })).toBeUndefined();
  });

  it('takes updates of tickets as long as they may repeat older words, and not for longer', () => {
    const update = signalOf({ customer, revision: 2, receivedAt: now + 70_000 });
    const taken = (ticketsErasedAt: number | null) =>
      createErased([{ ...erasure, ticketsErasedAt }]).of(update) !== undefined;
    expect(taken(null)).toBe(true);
    expect(taken(now + 20_000)).toBe(true);
    expect(taken(now + 5_000)).toBe(false);
  });

  it('of somebody who asks twice takes old words under the first one', () => {
    const again = newErasure([customer], { now: now + 10, deadlineMs });
    const erased = createErased([erasure, again]);
    const at = (receivedAt: number) => erased.of(signalOf({ customer, receivedAt }))?.erasure.id;
    expect([at(now), at(now + 1), at(now + 11)]).toEqual([erasure.id, again.id, undefined]);
  });
});

describe('what is left of a record', () => {
  it('holds no words, no pseudonym and no spot, and counts as it did', () => {
    const left = stripInsight(insight, token);
    expect(Buffer.from(insightCodec.encode(left)).includes(canary)).toBe(false);
    expect(JSON.stringify(left)).not.toContain(customer);
    const { signal, departments, ...judged } = left;
    expect({ ...judged, signal: said, departments: insight.departments }).toEqual(insight);
    expect(departments).toEqual([
      { department: 'operations', relevance: 0.9, rest: 0.1, evidence: [] },
    ]);
    expect(signal).toMatchObject({
      customer: token,
      text: null,
      place: { area: 'North', h3: '89283082837ffff', lat: null, lon: null },
      ticket: { status: 'closed', type: 'fault' },
      occurredAt: said.occurredAt,
    });
    expect(stripInsight(left, token)).toEqual(left);
  });

  it('is the same for everybody who strips it, and says since when', () => {
    const row = {
      partition: 1,
      offset: 5,
      timestamp: now - 1,
      origin: null,
      traceparent: null,
      replayOf: null,
      erasedAt: null,
      record: insight,
    };
    const erased = createErased([erasure]);
    const stripped = stripRow('insights', row, erased);
    expect(stripped).toEqual({ ...row, erasedAt: now, record: stripInsight(insight, token) });
    expect(stripRow('insights', stripped, erased)).toBe(stripped);
    expect(stripRow('insights', row, createErased([]))).toBe(row);
    expect(stripRow('dropped', row, erased)).toBe(row);
    expect(stripRow('signals', { ...row, record: said }, erased)).toMatchObject({
      erasedAt: now,
      record: { customer: token, text: null },
    });
  });

  it('names nobody where the erasure is done and has forgotten its token', () => {
    const subjects = erasure.subjects.map(({ hash }) => ({ hash, token: null }));
    const erased = createErased([{ ...erasure, subjects, doneAt: now }]);
    expect(erasedInsight(insight, erased).signal).toMatchObject({ customer: null, text: null });
  });
});

describe('a ticket update that is kept for later ones', () => {
  const update = {
    version: '3',
    occurredAt: now,
    customer,
    name: canary,
    description: canary,
    notes: [{ id: null, text: canary }],
    language: 'en',
    product: 'fibre',
    place: { area: 'North', lat: 1, lon: 2 },
    ticket: { status: 'closed', statusChangeReason: canary },
    attributes: { a: canary },
  };
  const bytes = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
  const isOf = (name: string): string | null | undefined =>
    subjectOf(name) === subjectOf(customer) ? token : undefined;

  it('loses its words and keeps what later ones are merged with', () => {
    const left = stripUpdate(bytes(update), isOf);
    expect(JSON.parse(Buffer.from(left).toString())).toEqual({
      version: '3',
      occurredAt: now,
      customer: token,
      language: 'en',
      product: 'fibre',
      place: { area: 'North' },
      ticket: { status: 'closed' },
    });
    expect(stripUpdate(left, isOf)).toBe(left);
  });

  it('that names nobody loses them too, being of the same ticket; another customer’s stays', () => {
    const { customer: _, ...nobody } = update;
    expect(Buffer.from(stripUpdate(bytes(nobody), isOf)).toString()).not.toContain(canary);
    const others = bytes({ ...update, customer: 'k1:BBBBBBBBBBBBBBBBBBBBBB' });
    expect(stripUpdate(others, isOf)).toBe(others);
  });
});
