// normalize: one signal of each thing said, safe to share.
import { describe, expect, it } from 'vitest';
import type { Signal } from '#schemas/signal.ts';
import type { Topic } from '#core/topic.ts';
import { createNormalizer, signalId } from '../../services/normalize/draft.ts';
import { createLocate } from '../../services/normalize/gazetteer.ts';
import { createPseudonymizer } from '../../services/normalize/pseudonym.ts';
import { createRedactor } from '../../services/normalize/redact.ts';
import { createNormalize } from '../../services/normalize/stage.ts';
import {
  postsPublished,
  signalsNormalized,
  surveysAnswered,
  ticketsReported,
} from '../../services/topology.ts';
import { driveTransform, type Driven } from '../support/drive-transform.ts';
import { aPost, aTicket, anAnswer, noPlace } from '../support/intake.ts';

const tickets = ticketsReported as unknown as Topic<never>;
const posts = postsPublished as unknown as Topic<never>;
const surveys = surveysAnswered as unknown as Topic<never>;

function normalize() {
  return driveTransform(
    createNormalize(
      createNormalizer({
        redact: createRedactor({ region: 'US' }),
        pseudonym: createPseudonymizer([{ id: 'k1', secret: Buffer.alloc(32, 7) }]),
        language: (text) => (text.includes('internet') ? 'en' : null),
        locate: createLocate([]),
      }),
    ),
  );
}

function signalsOf({ emitted }: Driven): Signal[] {
  expect(emitted.every(({ topic }) => topic === signalsNormalized.name)).toBe(true);
  return emitted.map(({ record }) => record as Signal);
}

describe('a post', () => {
  it('becomes a signal with title and text, redacted, its author a pseudonym', async () => {
    const [signal] = signalsOf(
      await normalize().send(
        posts,
        aPost({
          title: 'No internet',
          text: 'mail me: jo@example.com',
          authorId: 'u-77',
          inReplyTo: 'P0',
        }),
      ),
    );
    expect(signal).toMatchObject({
      id: signalId('post', 'forum', 'P1', ''),
      kind: 'post',
      text: 'No internet\nmail me: [email]',
      redactions: { email: 1 },
      language: 'en',
      inReplyTo: 'P0',
      revision: 1,
    });
    expect(signal!.customer).toMatch(/^k1:[\w-]{22}$/);
    expect(JSON.stringify(signal)).not.toContain('u-77');
  });

  it('of the company itself is dropped with that reason', async () => {
    const result = await normalize().send(posts, aPost({ authorRole: 'company', text: 'DM us!' }));
    expect(result).toEqual({ emitted: [], dropped: ['company-author'], rejected: [] });
  });

  it('keeps personal data out of every field, not of its text alone', async () => {
    const mail = 'jo@example.com';
    const [signal] = signalsOf(
      await normalize().send(
        posts,
        aPost({
          text: 'x',
          channel: mail,
          product: mail,
          technology: mail,
          attributes: { note: mail },
        }),
      ),
    );
    expect(JSON.stringify(signal)).not.toContain(mail);
  });
});

describe('what a sender sends twice', () => {
  it('is dropped as a duplicate, though received later', async () => {
    const driver = normalize();
    await driver.send(posts, aPost({ text: 'slow' }));
    const again = await driver.send(posts, aPost({ text: 'slow', receivedAt: 99 }));
    expect(again).toEqual({ emitted: [], dropped: ['duplicate'], rejected: [] });
  });

  it('is dropped within one batch too', async () => {
    const result = await normalize().send(posts, aPost({ text: 'slow' }), aPost({ text: 'slow' }));
    expect([result.emitted.length, result.dropped]).toEqual([1, ['duplicate']]);
  });

  it('with other content under the same id is rejected, and nothing of the words is quoted', async () => {
    const driver = normalize();
    await driver.send(posts, aPost({ text: 'slow' }));
    const { rejected } = await driver.send(posts, aPost({ text: 'canary' }));
    expect(rejected.map(({ reason }) => reason)).toEqual(['id-conflict']);
    expect(rejected[0]!.detail).not.toContain('canary');
  });

  it('is told apart from another kind that the same source numbers alike', async () => {
    const driver = normalize();
    await driver.send(posts, aPost({ source: 's', id: '1', text: 'slow' }));
    const { emitted } = await driver.send(surveys, anAnswer({ source: 's', id: '1', score: 1 }));
    expect(emitted).toHaveLength(1);
  });

  it('gives the same again when the log delivers it again', async () => {
    const driver = normalize();
    const first = await driver.send(posts, aPost({ text: 'slow' }));
    expect(await driver.redeliver()).toEqual(first);
  });
});

describe('a survey answer', () => {
  it('keeps scale, score and question', async () => {
    const [signal] = signalsOf(
      await normalize().send(
        surveys,
        anAnswer({
          scale: 'nps',
          score: 3,
          question: 'Would you recommend us?',
          verbatim: 'call +1 212 555 0142 now',
        }),
      ),
    );
    expect(signal).toMatchObject({
      kind: 'survey',
      scale: 'nps',
      score: 3,
      question: 'Would you recommend us?',
      text: 'call [phone] now',
    });
  });

  it('without words has no text', async () => {
    const [signal] = signalsOf(
      await normalize().send(surveys, anAnswer({ scale: 'csat', score: 4, verbatim: '  ' })),
    );
    expect(signal!.text).toBeNull();
  });
});

describe('ticket updates', () => {
  const opened = aTicket({
    version: '1',
    name: 'No internet',
    description: 'since Monday',
    status: 'acknowledged',
    severity: 'high',
    place: { ...noPlace, city: 'Linton' },
  });
  const resolved = aTicket({
    version: '2',
    status: 'resolved',
    resolvedAt: 5,
    notes: [{ id: 'n1', at: null, author: 'agent Smith', text: 'line reset' }],
  });

  it('merge: what an update does not state stays as it was', async () => {
    const driver = normalize();
    await driver.send(tickets, opened);
    const [signal] = signalsOf(await driver.send(tickets, resolved));
    expect(signal).toMatchObject({
      revision: 2,
      version: '2',
      text: 'No internet\nsince Monday\nline reset',
      ticket: { status: 'resolved', severity: 'high', resolvedAt: 5 },
      place: { city: 'Linton' },
    });
    expect(JSON.stringify(signal)).not.toContain('Smith');
  });

  it('merge within one batch', async () => {
    const [, second] = signalsOf(await normalize().send(tickets, opened, resolved));
    expect(second).toMatchObject({ revision: 2, ticket: { status: 'resolved', severity: 'high' } });
  });

  it('that arrive late do not undo later ones', async () => {
    const driver = normalize();
    await driver.send(tickets, resolved);
    const [signal] = signalsOf(await driver.send(tickets, opened));
    expect(signal).toMatchObject({
      version: '1',
      revision: 2,
      ticket: { status: 'resolved', severity: 'high' },
      text: 'No internet\nsince Monday\nline reset',
    });
  });

  it('count as numbers: version 10 comes after version 9', async () => {
    const driver = normalize();
    await driver.send(tickets, aTicket({ version: '10', status: 'closed' }));
    const [signal] = signalsOf(
      await driver.send(tickets, aTicket({ version: '9', status: 'held', severity: 'low' })),
    );
    expect(signal!.ticket).toMatchObject({ status: 'closed', severity: 'low' });
  });

  it('that change nothing are dropped', async () => {
    const driver = normalize();
    await driver.send(tickets, opened);
    const { dropped } = await driver.send(tickets, { ...opened, version: '2' });
    expect(dropped).toEqual(['no-change']);
  });

  it('of a source without versions are told apart by time', async () => {
    const driver = normalize();
    await driver.send(tickets, aTicket({ name: 'No internet', occurredAt: 1000 }));
    const [signal] = signalsOf(
      await driver.send(tickets, aTicket({ status: 'closed', occurredAt: 2000 })),
    );
    expect(signal).toMatchObject({
      revision: 2,
      text: 'No internet',
      ticket: { status: 'closed' },
    });
  });

  it('of one day, without versions, are told apart by what they say', async () => {
    const driver = normalize();
    const held = aTicket({ timePrecision: 'day', status: 'held' });
    const closed = aTicket({ timePrecision: 'day', status: 'closed' });
    await driver.send(tickets, held);
    expect((await driver.send(tickets, closed)).emitted).toHaveLength(1);
    expect((await driver.send(tickets, { ...held, receivedAt: 9 })).dropped).toEqual(['duplicate']);
  });

  it('of another ticket do not mix in', async () => {
    const driver = normalize();
    await driver.send(tickets, opened);
    const [signal] = signalsOf(
      await driver.send(tickets, aTicket({ id: 'T2', version: '2', status: 'closed' })),
    );
    expect(signal).toMatchObject({ revision: 1, text: null });
  });

  it('restating a text with personal data count its redaction once', async () => {
    const driver = normalize();
    await driver.send(tickets, aTicket({ version: '1', description: 'write to jo@example.com' }));
    const [signal] = signalsOf(
      await driver.send(
        tickets,
        aTicket({ version: '2', description: 'write to jo@example.com', status: 'closed' }),
      ),
    );
    expect(signal!.redactions).toEqual({ email: 1 });
  });

  it('count part by part: version 1.10 comes after version 1.9', async () => {
    const driver = normalize();
    await driver.send(tickets, aTicket({ version: '1.10', status: 'closed' }));
    const [signal] = signalsOf(
      await driver.send(tickets, aTicket({ version: '1.9', status: 'held', severity: 'low' })),
    );
    expect(signal!.ticket).toMatchObject({ status: 'closed', severity: 'low' });
  });

  it('that state the same in another order of attributes change nothing', async () => {
    const driver = normalize();
    await driver.send(tickets, aTicket({ version: '1', attributes: { a: '1', b: '2' } }));
    const again = aTicket({ version: '0', attributes: { b: '2', a: '1' } });
    expect((await driver.send(tickets, again)).dropped).toEqual(['no-change']);
  });

  it('sent twice within one batch are merged once', async () => {
    const { emitted, dropped } = await normalize().send(
      tickets,
      opened,
      opened,
      resolved,
      opened,
      aTicket({ version: '3', severity: 'low' }),
    );
    expect(dropped).toEqual(['duplicate', 'duplicate']);
    expect(emitted.map(({ record }) => (record as Signal).revision)).toEqual([1, 2, 3]);
    expect(emitted.at(-1)!.record).toMatchObject({
      text: 'No internet\nsince Monday\nline reset',
      ticket: { status: 'resolved', severity: 'low' },
    });
  });

  it.each([1, -1])(
    'by the thousand in one batch stay fast and bounded (order %i)',
    async (sign) => {
      const updates = Array.from({ length: 1000 }, (_, i) =>
        aTicket({
          version: String(5000 + sign * i),
          status: 'held',
          notes: [{ id: null, at: null, author: null, text: `note ${5000 + sign * i}` }],
        }),
      );
      const started = performance.now();
      const { emitted } = await normalize().send(tickets, ...updates);
      // Far above what it takes, far below what merging everything anew would.
      expect(performance.now() - started).toBeLessThan(3000);
      const { text } = emitted.at(-1)!.record as Signal;
      const newest = sign === 1 ? 5999 : 5000;
      expect(text!.split('\n')).toEqual(
        Array.from({ length: 100 }, (_, i) => `note ${newest - 99 + i}`),
      );
    },
  );

  it('give the same signal when the log delivers them again', async () => {
    const driver = normalize();
    await driver.send(tickets, opened);
    const first = await driver.send(tickets, resolved);
    expect(await driver.redeliver()).toEqual(first);
  });
});
