// For how long topics really keep words, and whose words dead letters hold.
import { describe, expect, it } from 'vitest';
import { troubleTicketCodec } from '#schemas/trouble-ticket.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { createErased, newErasure } from '../../services/archive/erasures.ts';
import { createLetterJudge } from '../../services/cli/erase/letters.ts';
import { heldNow } from '../../services/cli/erase/scan-topics.ts';
import { clusterLife } from '../../services/cli/erase/topic-lives.ts';
import { customerOf, pseudonymsOf } from '../../services/cli/erase/who.ts';
import { fixedTopics, internalTopics } from '../../services/topology.ts';
import { aTicket } from '../support/intake.ts';

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 29);
const keys = ['k2', 'k1'].map((id) => ({ id, secret: Buffer.from(`${id} is sixteen bytes`) }));

describe('a topic of a cluster', () => {
  it('keeps a record for its retention and the segment that it lies in', () => {
    const life = clusterLife('t', {
      'retention.ms': `${29 * dayMs}`,
      'segment.ms': `${dayMs}`,
      'cleanup.policy': 'delete',
    });
    expect(life).toEqual({ retentionMs: 29 * dayMs, delayMs: dayMs + 600_000, why: null });
  });

  it('whose retention is mended meanwhile is told by what it keeps now', () => {
    const held = { topic: 't', records: 2, newestAt: now, goneBy: null, why: 'kept for ever' };
    const life = { retentionMs: dayMs, delayMs: 5, why: null };
    const mended = heldNow(held, life);
    expect(mended).toEqual({ ...held, goneBy: now + dayMs + 5, why: null });
    expect(heldNow(mended, { ...life, why: 'compacted' })).toMatchObject({
      goneBy: null,
      why: 'compacted',
    });
    // Who does not read on holds it up still.
    const waits = { ...mended, why: 'kept until it is read by x: start it again' };
    expect(heldNow(waits, { ...life, retentionMs: 1 })).toEqual({ ...waits, goneBy: now + 6 });
  });

  it('that deletes nothing is told with what mends it', () => {
    expect(clusterLife('t', { 'cleanup.policy': 'compact' }).why).toContain(
      'signpost topics apply',
    );
    expect(clusterLife('t', { 'retention.ms': '-1' }).why).toContain('kept for ever');
    expect(
      clusterLife('t', { 'cleanup.policy': 'compact,delete', 'retention.ms': '5' }).why,
    ).toBeNull();
  });

  it('that is compacted holds no words, so that nobody needs a tombstone', () => {
    const compacted = fixedTopics.filter((topic) => 'compacted' in topic);
    expect(compacted.map(({ words }) => words)).toEqual(['none']);
    expect(internalTopics.every(({ compacted: is }) => is)).toBe(true);
  });
});

describe('a customer', () => {
  it('named by an id is known under every key, and by a pseudonym under that one', () => {
    const { pseudonyms, rawId } = customerOf(' C-1 ', keys);
    expect(pseudonyms.map((one) => one.slice(0, 3))).toEqual(['k2:', 'k1:']);
    expect(rawId).toBe('C-1');
    expect(customerOf(pseudonyms[1]!, undefined)).toEqual({
      pseudonyms: [pseudonyms[1]],
      rawId: undefined,
    });
  });

  it('named by an id without the keys is refused with what to do', () => {
    expect(() => customerOf('C-1', undefined)).toThrowError(
      expect.objectContaining({
        code: 'pseudonym-keys',
        message: expect.not.stringContaining('C-1'),
      }),
    );
  });
});

describe('a dead letter', () => {
  const erasure = newErasure(pseudonymsOf('C-1', keys), { now, deadlineMs: dayMs });
  const raw = { id: 'Ann Other', taken: { erasure, token: null } };
  const judge = createLetterJudge(keys, createErased([erasure]));
  const letter = (payload: string | Uint8Array, rejectedAt = now - 1): RejectedRecord =>
    ({ payload: Buffer.from(payload), key: null, rejectedAt }) as unknown as RejectedRecord;

  it('is known by the customer in its record, in whatever text it is, and by the id as it was given', () => {
    const ticket = troubleTicketCodec.encode(aTicket({ customerId: 'C-1', receivedAt: now - 1 }));
    expect(judge.letter(letter(ticket))?.erasure.id).toBe(erasure.id);
    expect(judge.letter(letter('T-1;"C-1";no signal'))?.erasure.id).toBe(erasure.id);
    expect(judge.letter(letter('{"customer":"C-1"}'))?.erasure.id).toBe(erasure.id);
    const named = createLetterJudge(keys, createErased([erasure]), raw);
    expect(named.letter(letter('T-1;Ann Other;x'))?.erasure.id).toBe(erasure.id);
  });

  it('of somebody else stays, also of one whose id holds this one, and so does what came afterwards', () => {
    const named = createLetterJudge(keys, createErased([erasure]), raw);
    const ticket = troubleTicketCodec.encode(aTicket({ customerId: 'C-2' }));
    for (const payload of [ticket, 'C-11', 'XC-1', 'Joann Others'])
      expect(named.letter(letter(payload))).toBeUndefined();
    expect(named.letter(letter('C-1', now + 1))).toBeUndefined();
    expect(named.letter(letter('Ann Other', now + 1))).toBeUndefined();
  });
});
