// What every claim store keeps, whatever it is made of: run against Postgres and against the model in memory.
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimStore } from '../../services/core/log/kafka/claim-store.ts';
import type { Claim, ClaimOutcome } from '../../services/core/log/port.ts';
import { createClaimModel, isSame } from './claim-store.model.ts';

export interface ClaimStoreUnderTest {
  /** Two copies of a service, with the same claims. */
  readonly copies: readonly [ClaimStore, ClaimStore];
  dispose(): Promise<void>;
}

export type At = Parameters<ClaimStore['claim']>[0];

/** @param runs how many random histories each property is tried with */
export function claimStoreContract(
  name: string,
  open: () => Promise<ClaimStoreUnderTest>,
  runs: number,
): void {
  describe(`${name} keeps the contract of claims:`, () => {
    let tested: ClaimStoreUnderTest;
    let one: ClaimStore;
    let other: ClaimStore;

    beforeAll(async () => {
      tested = await open();
      [one, other] = tested.copies;
    });
    afterAll(() => tested.dispose());

    it('the first record with an id owns it, within a batch and across batches and copies', async () => {
      const at = partition();
      const [a, b, again] = await one.claim(at, [said('a', 0), said('b', 1), said('a', 2, 'c2')]);
      expect([a, b, again].map((outcome) => outcome?.owner.offset)).toEqual([0, 1, 0]);
      expect(again?.ownerContent).toBe('c1');
      const elsewhere = { topic: at.topic, partition: 1 };
      const later = await other.claim(elsewhere, [said('b', 0, 'c2'), said('c', 1, 'c3')]);
      expect(later.map(({ owner }) => owner)).toEqual([
        { ...at, offset: 1 },
        { ...elsewhere, offset: 1 },
      ]);
      expect(later.map(({ ownerContent }) => ownerContent)).toEqual(['c1', 'c3']);

      function said(id: string, offset: number, content = 'c1'): Claim {
        return { id: at.topic + id, content, offset };
      }
    });

    it('a batch that crashed after its claims comes again to another copy and gets the same answers', async () => {
      const at = partition();
      const batch = ['1', '2', '2', '3'].map((text, offset) => update(at, text, offset));
      const first = await one.claim(at, batch);
      expect(first.map(({ history }) => words(history))).toEqual([
        ['1'],
        ['1', '2'],
        ['1', '2'],
        ['1', '2', '3'],
      ]);
      // The next owner cuts the batches elsewhere, and more has come in.
      expect(await other.claim(at, batch.slice(0, 2))).toEqual(first.slice(0, 2));
      const longer = [...batch.slice(2), update(at, '4', 4)];
      const again = await other.claim(at, longer);
      expect(again.slice(0, 2)).toEqual(first.slice(2));
      expect(words(again[2]?.history)).toEqual(['1', '2', '3', '4']);
      // Now that there is a fourth update, the third still does not see it.
      expect(await one.claim(at, batch)).toEqual(first);
    });

    it('an entity written by two partitions has one order, which each sees up to its own update', async () => {
      const [left, right] = [partition(), partition()];
      const [l1] = await one.claim(left, [update(left, 'l1', 0, left)]);
      const [r1] = await other.claim(right, [update(right, 'r1', 0, left)]);
      const [l2] = await one.claim(left, [update(left, 'l2', 1, left)]);
      expect([l1, r1, l2].map((outcome) => words(outcome?.history))).toEqual([
        ['l1'],
        ['l1', 'r1'],
        ['l1', 'r1', 'l2'],
      ]);
      expect(await one.claim(right, [update(right, 'r1', 0, left)])).toEqual([r1]);
      expect(await other.claim(left, [update(left, 'l1', 0, left)])).toEqual([l1]);
    });

    it('a claim that says nothing of its entity sees it and adds nothing', async () => {
      const at = partition();
      const silent: Claim = { id: `${at.topic}s`, content: 'c', offset: 1, entity: at.topic };
      const outcomes = await one.claim(at, [
        update(at, '1', 0),
        silent,
        update(at, '2', 2),
        { id: `${at.topic}n`, content: 'c', offset: 3 },
      ]);
      expect(outcomes.map(({ history }) => words(history))).toEqual([['1'], ['1'], ['1', '2'], []]);
      expect(await other.claim(at, [silent])).toEqual([outcomes[1]]);
    });

    it('no claims get no answers', async () => {
      expect(await one.claim(partition(), [])).toEqual([]);
    });

    it('bytes and names come back as they were, hostile ones too', async () => {
      const at = { topic: `t'"\\{},${randomUUID()}`, partition: 7 };
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
      const claims: Claim[] = [
        { id: `${at.topic}'; DROP SCHEMA signpost; --`, content: `"\\'{},NULL é\n`, offset: 0 },
        { id: `${at.topic}null`, content: 'NULL', offset: 1, entity: at.topic, payload: all },
        {
          id: `${at.topic}empty`,
          content: '',
          offset: 2 ** 52,
          entity: at.topic,
          payload: new Uint8Array(),
        },
      ];
      const first = await one.claim(at, claims);
      expect(first.map(({ owner, ownerContent }) => [owner.offset, ownerContent])).toEqual(
        claims.map(({ offset, content }) => [offset, content]),
      );
      const again = await other.claim(at, claims);
      expect(again.map(({ owner, ownerContent }) => ({ owner, ownerContent }))).toEqual(
        first.map(({ owner, ownerContent }) => ({ owner, ownerContent })),
      );
      for (const { history } of [first[2]!, again[2]!])
        expect(history.map((payload) => Buffer.from(payload).equals(Buffer.from(all)))).toEqual([
          true,
          false,
        ]);
    });

    it('random deliveries, crashes and redeliveries are answered as the model answers them', async () => {
      await fc.assert(
        fc.asyncProperty(partitions, deliveries, async (logs, steps) => {
          const world = createWorld(logs);
          const model = createClaimModel();
          for (const { partition: index, size, commits, copy } of steps) {
            const { at, batch, advance } = world.next(index, size);
            const outcomes = await tested.copies[copy]!.claim(at, batch);
            expect(plain(outcomes)).toEqual(plain(await model.claim(at, batch)));
            world.answered(at, batch, outcomes);
            if (commits) advance();
          }
        }),
        { numRuns: runs },
      );
    }, 60_000);

    it('claims made at once have one owner each, and every answer holds when asked again', async () => {
      await fc.assert(
        fc.asyncProperty(partitions, deliveries, async (logs, steps) => {
          const world = createWorld(logs);
          for (let at = 0; at < steps.length; at += 4) {
            // Partitions side by side; the same one twice is a copy that does not know yet that it lost it.
            const together = steps.slice(at, at + 4).map((step) => ({
              ...world.next(step.partition, step.size),
              copy: tested.copies[step.copy]!,
              commits: step.commits,
            }));
            await Promise.all(
              together.map(async ({ at: where, batch, copy }) =>
                world.answered(where, batch, await copy.claim(where, batch)),
              ),
            );
            for (const { commits, advance } of together) if (commits) advance();
          }
          for (const { at, batch } of world.everything())
            world.answered(at, batch, await one.claim(at, batch));
          expect(world.count()).toBeGreaterThan(0);
        }),
        { numRuns: runs },
      );
    }, 60_000);
  });
}

/** A partition nobody else uses. */
export function partition(): At {
  return { topic: `t-${randomUUID()}`, partition: 0 };
}

/** An update of the entity named by a topic, by default its own partition's. */
export function update(at: At, text: string, offset: number, entity = at): Claim {
  const payload = new TextEncoder().encode(text);
  return { id: `${entity.topic}:${text}`, content: 'c', offset, entity: entity.topic, payload };
}

export function words(history: readonly Uint8Array[] = []): string[] {
  return history.map((payload) => Buffer.from(payload).toString());
}

interface Said {
  readonly id: number;
  readonly content: number;
  readonly entity: number | null;
}

/** What three partitions hold; few ids and entities, so that they meet. */
const partitions = fc.array(
  fc.array(
    fc.record({
      id: fc.nat(12),
      content: fc.nat(1),
      entity: fc.option(fc.nat(2)),
    }),
    { minLength: 1, maxLength: 20 },
  ),
  { minLength: 3, maxLength: 3 },
);

const deliveries = fc.array(
  fc.record({
    partition: fc.nat(2),
    size: fc.integer({ min: 1, max: 8 }),
    commits: fc.boolean(),
    copy: fc.nat(1),
  }),
  { minLength: 1, maxLength: 16 },
);

/** Partitions that are read from their committed offsets, and every answer that was ever given for their records. */
function createWorld(logs: readonly (readonly Said[])[]) {
  const name = randomUUID();
  const committed = logs.map(() => 0);
  const owners = new Map<string, ClaimOutcome['owner']>();
  const histories = new Map<string, string[]>();
  const claimsOf = (index: number, from: number, to: number): Claim[] =>
    logs[index]!.slice(from, to).map(({ id, content, entity }, i) => ({
      id: `${name}/${id}`,
      content: String(content),
      offset: from + i,
      ...(entity !== null && {
        entity: `${name}/${entity}`,
        payload: new TextEncoder().encode(`${index}/${from + i}`),
      }),
    }));
  return {
    next(index: number, size: number) {
      const from = committed[index]!;
      const batch = claimsOf(index, from, from + size);
      return {
        at: { topic: name, partition: index },
        batch,
        advance: (): void => {
          committed[index] = Math.max(committed[index]!, from + batch.length);
        },
      };
    },
    everything: () =>
      logs.map((log, index) => ({
        at: { topic: name, partition: index },
        // What was never delivered was never claimed.
        batch: claimsOf(index, 0, Math.min(log.length, committed[index]!)),
      })),
    count: () => owners.size,
    /** Each id has one owner for ever, and each owner's history never changes and ends with its own update. */
    answered(at: At, batch: readonly Claim[], outcomes: readonly ClaimOutcome[]): void {
      expect(outcomes).toHaveLength(batch.length);
      for (const [i, { id, offset, payload }] of batch.entries()) {
        const { owner, history } = outcomes[i]!;
        expect(owners.get(id) ?? owner).toEqual(owner);
        owners.set(id, owner);
        if (!isSame(owner, { ...at, offset })) continue;
        const place = `${at.partition}/${offset}`;
        const told = words(history);
        expect(told.at(-1)).toBe(payload === undefined ? undefined : place);
        expect(histories.get(place) ?? told).toEqual(told);
        histories.set(place, told);
      }
    },
  };
}

/** Buffers and byte arrays alike. */
function plain(outcomes: readonly ClaimOutcome[]): unknown {
  return outcomes.map(({ history, ...rest }) => ({ ...rest, history: words(history) }));
}
