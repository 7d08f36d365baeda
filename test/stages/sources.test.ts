// What the sources take in, what they refuse and why.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { communityPostCodec } from '#schemas/community-post.ts';
import { surveyAnswerCodec } from '#schemas/survey-answer.ts';
import { troubleTicketCodec } from '#schemas/trouble-ticket.ts';
import { isSourceName } from '../../services/core/http/source-name.ts';
import {
  intakeKinds,
  maxIntakeBytes,
  takeIn,
  toIntakeRecord,
  toOutgoing,
  validateInput,
  type IntakeKind,
} from '../../services/gateway/sources/intake.ts';
import { validatePost } from '../../services/gateway/sources/posts.ts';
import { intakeReasons, pathText } from '../../services/core/refusal.ts';
import { validateSurvey } from '../../services/gateway/sources/surveys.ts';
import { validateTicket } from '../../services/gateway/sources/tickets.ts';
import { readTime } from '../../services/gateway/sources/time.ts';

const at = '2025-03-04T12:30:00Z';
const atMs = Date.UTC(2025, 2, 4, 12, 30);
const now = Date.UTC(2025, 5, 1);
const ticket = { id: 'T-1', occurredAt: at, description: 'No internet since eight.' };
const post = { id: 'P-1', occurredAt: at, text: 'Anyone else offline?' };
const survey = { id: 'S-1', occurredAt: at, scale: 'nps', score: 3 };
const json = (text: string): unknown => JSON.parse(text);

const refused: readonly (readonly [string, IntakeKind, unknown, string, string])[] = [
  ['null', 'tickets', null, 'not-an-object', ''],
  ['a list', 'tickets', [], 'not-an-object', ''],
  ['text', 'tickets', 'hello', 'not-an-object', ''],
  ['no id', 'tickets', { ...ticket, id: undefined }, 'missing-field', 'id'],
  ['an empty id', 'tickets', { ...ticket, id: '' }, 'missing-field', 'id'],
  ['a null id', 'tickets', { ...ticket, id: null }, 'missing-field', 'id'],
  ['an id of true', 'tickets', { ...ticket, id: true }, 'wrong-type', 'id'],
  ['an id that lost digits', 'tickets', { ...ticket, id: 2 ** 60 }, 'wrong-type', 'id'],
  ['an id of 201 characters', 'tickets', { ...ticket, id: 'x'.repeat(201) }, 'too-long', 'id'],
  ['an id with a line break', 'tickets', { ...ticket, id: 'a\nb' }, 'invalid-characters', 'id'],
  ['an id with an escape', 'tickets', { ...ticket, id: '\u001b[2J' }, 'invalid-characters', 'id'],
  ['an id with a C1 control', 'tickets', { ...ticket, id: 'a\u009b' }, 'invalid-characters', 'id'],
  ['no time', 'tickets', { id: 'a', name: 'x' }, 'missing-field', 'occurredAt'],
  [
    'a time without zone',
    'tickets',
    { ...ticket, occurredAt: '2025-03-04T12:30:00' },
    'time-without-zone',
    'occurredAt',
  ],
  [
    'a bare date',
    'tickets',
    { ...ticket, occurredAt: '2025-03-04' },
    'time-without-zone',
    'occurredAt',
  ],
  [
    'another notation',
    'tickets',
    { ...ticket, occurredAt: '04/03/2025 12:30' },
    'invalid-time',
    'occurredAt',
  ],
  [
    '30 February',
    'tickets',
    { ...ticket, occurredAt: '2025-02-30T00:00:00Z' },
    'invalid-time',
    'occurredAt',
  ],
  ['a time list', 'tickets', { ...ticket, occurredAt: [] }, 'wrong-type', 'occurredAt'],
  [
    'seconds',
    'tickets',
    { ...ticket, occurredAt: 1_741_091_400 },
    'implausible-time',
    'occurredAt',
  ],
  [
    'year 1970',
    'tickets',
    { ...ticket, occurredAt: '1970-01-01T00:00:00Z' },
    'implausible-time',
    'occurredAt',
  ],
  [
    'next week',
    'tickets',
    { ...ticket, occurredAt: now + 7 * 86_400_000 },
    'implausible-time',
    'occurredAt',
  ],
  [
    'resolved next week',
    'tickets',
    { ...ticket, resolvedAt: now + 7 * 86_400_000 },
    'implausible-time',
    'resolvedAt',
  ],
  ['an unknown status', 'tickets', { ...ticket, status: 'open' }, 'unknown-status', 'status'],
  [
    'an unknown precision',
    'tickets',
    { ...ticket, timePrecision: 'week' },
    'unknown-value',
    'timePrecision',
  ],
  ['an unknown field', 'tickets', { ...ticket, colour: 'red' }, 'unknown-field', 'colour'],
  [
    'a misspelt field',
    'tickets',
    { id: 'a', occuredAt: at, name: 'x' },
    'unknown-field',
    'occuredAt',
  ],
  [
    'an own __proto__',
    'tickets',
    json(`{"id":"a","occurredAt":"${at}","name":"x","__proto__":{"a":1}}`),
    'unknown-field',
    '__proto__',
  ],
  ['constructor', 'tickets', { ...ticket, constructor: 'x' }, 'unknown-field', 'constructor'],
  [
    'an attribute __proto__',
    'tickets',
    { ...ticket, attributes: json('{"__proto__":"x"}') },
    'invalid-characters',
    'attributes.__proto__',
  ],
  [
    'an attribute too long',
    'tickets',
    { ...ticket, attributes: { a: 'x'.repeat(501) } },
    'too-long',
    'attributes.a',
  ],
  [
    'a nested attribute',
    'tickets',
    { ...ticket, attributes: { a: {} } },
    'wrong-type',
    'attributes.a',
  ],
  [
    'an attribute that JSON has rounded',
    'tickets',
    { ...ticket, attributes: json('{"order":12345678901234567890}') },
    'wrong-type',
    'attributes.order',
  ],
  [
    'an id that JSON has rounded',
    'tickets',
    { ...ticket, id: json('9007199254740993') },
    'wrong-type',
    'id',
  ],
  [
    'a customer id that JSON has rounded',
    'tickets',
    { ...ticket, customerId: json('9007199254740993') },
    'wrong-type',
    'customerId',
  ],
  [
    '51 attributes',
    'tickets',
    { ...ticket, attributes: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [i, 'x'])) },
    'too-many',
    'attributes',
  ],
  [
    'a million notes',
    'tickets',
    { ...ticket, notes: Array.from({ length: 1_000_000 }, () => 1) },
    'too-many',
    'notes',
  ],
  [
    'a note without text',
    'tickets',
    { ...ticket, notes: [{ text: 'a' }, { id: 1 }] },
    'missing-field',
    'notes[1].text',
  ],
  [
    'a note time without zone',
    'tickets',
    { ...ticket, notes: [{ text: 'a', at: '2025-03-04T12:30' }] },
    'time-without-zone',
    'notes[0].at',
  ],
  ['only an id and a time', 'tickets', { id: 'a', occurredAt: at }, 'empty-record', ''],
  [
    'only white space',
    'tickets',
    { id: 'a', occurredAt: at, name: ' \n', attributes: {}, notes: [], place: {} },
    'empty-record',
    '',
  ],
  [
    'a description too long',
    'tickets',
    { ...ticket, description: 'x'.repeat(65_537) },
    'too-long',
    'description',
  ],
  [
    'NUL in a text',
    'tickets',
    { ...ticket, description: 'a\0b' },
    'invalid-characters',
    'description',
  ],
  ['half a surrogate pair', 'posts', { ...post, text: 'a\ud83d' }, 'invalid-characters', 'text'],
  ['a description of 5', 'tickets', { ...ticket, description: 5 }, 'wrong-type', 'description'],
  ['latitude 91', 'tickets', { ...ticket, place: { lat: 91 } }, 'out-of-range', 'place.lat'],
  ['longitude -181', 'tickets', { ...ticket, place: { lon: -181 } }, 'out-of-range', 'place.lon'],
  ['latitude as text', 'tickets', { ...ticket, place: { lat: '50.1' } }, 'wrong-type', 'place.lat'],
  [
    'an endless latitude',
    'tickets',
    { ...ticket, place: json('{"lat":1e999}') },
    'wrong-type',
    'place.lat',
  ],
  [
    'an unknown field of the place',
    'tickets',
    { ...ticket, place: { street: 'x' } },
    'unknown-field',
    'place.street',
  ],
  ['a place of text', 'tickets', { ...ticket, place: 'Springfield' }, 'wrong-type', 'place'],
  [
    'a language in words',
    'tickets',
    { ...ticket, language: 'English (US)' },
    'invalid-language',
    'language',
  ],
  ['a post without words', 'posts', { id: 'a', occurredAt: at }, 'missing-field', 'text'],
  ['a post of white space', 'posts', { ...post, text: '  ' }, 'missing-field', 'text'],
  ['an unknown role', 'posts', { ...post, authorRole: 'bot' }, 'unknown-value', 'authorRole'],
  ['a ticket field in a post', 'posts', { ...post, status: 'closed' }, 'unknown-field', 'status'],
  ['nps 11', 'surveys', { ...survey, score: 11 }, 'out-of-scale', 'score'],
  ['nps 7.5', 'surveys', { ...survey, score: 7.5 }, 'out-of-scale', 'score'],
  ['csat 0', 'surveys', { ...survey, scale: 'csat', score: 0 }, 'out-of-scale', 'score'],
  ['ces 8', 'surveys', { ...survey, scale: 'ces', score: 8 }, 'out-of-scale', 'score'],
  ['a score without scale', 'surveys', { ...survey, scale: null }, 'missing-field', 'scale'],
  ['an unknown scale', 'surveys', { ...survey, scale: 'stars' }, 'unknown-scale', 'scale'],
  ['a score as text', 'surveys', { ...survey, score: '3' }, 'wrong-type', 'score'],
  [
    'an answer that says nothing',
    'surveys',
    { id: 'a', occurredAt: at, question: 'How was it?' },
    'empty-record',
    '',
  ],
];

describe('a time known to the day or month', () => {
  test.each([
    ['day', '2018-09-01T00:00:00+05:30', '2018-09-01'],
    ['day', '2018-09-30T23:00:00-05:00', '2018-09-30'],
    ['month', '2018-09-01T00:00:00+05:30', '2018-09-01'],
    ['month', '2018-09-30T23:00:00-05:00', '2018-09-01'],
    ['month', Date.UTC(2018, 8, 30, 12), '2018-09-01'],
    ['instant', '2018-09-01T00:00:00+05:30', '2018-08-31T18:30Z'],
  ])('%s of %s is %s in UTC', (timePrecision, occurredAt, expected) => {
    for (const kind of intakeKinds) {
      const input = { ...{ tickets: ticket, posts: post, surveys: survey }[kind] };
      expect(validateInput(kind, { ...input, timePrecision, occurredAt }, now)).toMatchObject({
        ok: true,
        record: { occurredAt: Date.parse(expected) },
      });
    }
  });
});

describe('refusals', () => {
  test.each(refused)(
    '%s in %s is refused with its reason and field',
    (_name, kind, input, reason, field) => {
      expect(validateInput(kind, input, now)).toMatchObject({ ok: false, reason, field });
    },
  );

  test('a refusal quotes nothing of the record', () => {
    for (const [, kind, input] of refused) {
      const result = validateInput(kind, input, now);
      if (result.ok) throw new Error('accepted');
      for (const secret of ['xxx', 'Springfield', 'English', 'stars', 'bot', 'hello']) {
        expect(result.detail).not.toContain(secret);
      }
    }
  });

  test('a hostile field name is printable and short in the refusal', () => {
    const result = validateTicket({ ...ticket, [`\u001b]0;${'x'.repeat(500)}\u202e`]: 1 }, now);
    if (result.ok) throw new Error('accepted');
    expect(result.field).toMatch(/^\?\]0;x+$/);
    expect(result.field.length).toBeLessThanOrEqual(120);
    expect(pathText(['a\ud800'])).toBe('a?');
  });

  test('nothing reaches the prototype of objects', () => {
    validateTicket(
      json(
        `{"id":"a","occurredAt":"${at}","__proto__":{"polluted":1},"attributes":{"__proto__":{"polluted":1}}}`,
      ),
    );
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('any JSON gives a verdict with a known reason, and what is accepted encodes', () => {
    const shaped = fc.record(
      {
        id: fc.oneof(fc.string(), fc.integer()),
        occurredAt: fc.oneof(fc.integer({ min: 0, max: now }), fc.constant(at), fc.string()),
        description: fc.string({ unit: 'binary' }),
        text: fc.string({ unit: 'grapheme' }),
        verbatim: fc.string(),
        attributes: fc.dictionary(fc.string(), fc.jsonValue()),
        place: fc.record({ lat: fc.double(), city: fc.string() }, { requiredKeys: [] }),
        notes: fc.array(fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...intakeKinds),
        fc.oneof(fc.jsonValue(), shaped),
        (kind, input) => {
          const taken = takeIn(kind, input, { source: 'fuzz', receivedAt: now });
          const known: readonly string[] = intakeReasons;
          expect(
            taken.ok ? taken.outgoing.value instanceof Uint8Array : known.includes(taken.reason),
          ).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

function comesBack(
  kind: IntakeKind,
  input: unknown,
  codec: { decode(bytes: Uint8Array): unknown },
): unknown {
  const taken = takeIn(kind, input, { source: 'desk', receivedAt: now });
  if (!taken.ok) throw new Error(taken.detail);
  return codec.decode(taken.outgoing.value ?? new Uint8Array());
}

describe('what is taken in', () => {
  test('a partial ticket update needs an id, a time and one thing said', () => {
    for (const said of [
      { status: 'closed' },
      { priority: 'high' },
      { resolvedAt: at },
      { place: { site: 'C-1' } },
      { attributes: { a: 1 } },
      { notes: [{ text: 'x' }] },
    ]) {
      expect(validateTicket({ id: 't', occurredAt: at, ...said }, now).ok).toBe(true);
    }
  });

  test('null and an empty text mean not stated', () => {
    const result = validateTicket({
      ...ticket,
      name: '',
      status: null,
      place: null,
      attributes: null,
      notes: null,
      version: '',
    });
    if (!result.ok) throw new Error(result.detail);
    const record = toIntakeRecord('tickets', 'desk', result.record, now);
    expect(record).toMatchObject({
      name: null,
      status: null,
      version: null,
      attributes: {},
      notes: [],
    });
    expect(record.place).toEqual({
      country: null,
      region: null,
      city: null,
      area: null,
      postcode: null,
      lat: null,
      lon: null,
      h3: null,
      site: null,
    });
  });

  test('numbers as ids and attributes become text', () => {
    const result = validatePost({
      ...post,
      id: 42,
      authorId: 7,
      attributes: { drops: 3, roaming: true },
    });
    expect(result).toMatchObject({
      ok: true,
      record: { id: '42', authorId: '7', attributes: { drops: '3', roaming: 'true' } },
    });
  });

  test('a post may have a title alone', () => {
    const result = validatePost({ id: 'p', occurredAt: at, title: 'Offline?' });
    if (!result.ok) throw new Error(result.detail);
    expect(toIntakeRecord('posts', 'forum', result.record, now)).toMatchObject({
      title: 'Offline?',
      text: '',
      authorRole: 'unknown',
    });
  });

  test('a scale without a score is dropped, a verbatim alone is an answer', () => {
    const result = validateSurvey({ id: 's', occurredAt: at, scale: 'csat', verbatim: 'Fine.' });
    if (!result.ok) throw new Error(result.detail);
    expect(toIntakeRecord('surveys', 'app', result.record, now)).toMatchObject({
      scale: null,
      score: null,
      verbatim: 'Fine.',
    });
  });

  test.each([
    ['nps', 0],
    ['nps', 10],
    ['csat', 1],
    ['csat', 4.5],
    ['csat', 5],
    ['ces', 1],
    ['ces', 7],
  ])('%s %d is on its scale', (scale, score) => {
    expect(validateSurvey({ ...survey, scale, score }).ok).toBe(true);
  });

  test('a language tag is kept as its primary subtag', () => {
    const result = validateTicket({ ...ticket, language: 'pt-BR' });
    if (!result.ok) throw new Error(result.detail);
    expect(toIntakeRecord('tickets', 'desk', result.record, now).language).toBe('pt');
  });

  test('every kind encodes and comes back the same', () => {
    const common = { source: 'desk', receivedAt: now, occurredAt: atMs };
    const note = { id: '1', at: atMs, author: 'agent', text: 'called' };
    const full = { ...ticket, status: 'inProgress', notes: [{ ...note, id: 1, at }] };
    expect(comesBack('tickets', full, troubleTicketCodec)).toMatchObject({
      ...common,
      notes: [note],
    });
    expect(comesBack('posts', post, communityPostCodec)).toMatchObject({
      ...common,
      text: post.text,
    });
    expect(comesBack('surveys', survey, surveyAnswerCodec)).toMatchObject({ ...common, score: 3 });
  });

  test('a record carries key, time and CloudEvents headers', () => {
    const result = validateTicket({ ...ticket, version: 2 });
    if (!result.ok) throw new Error(result.detail);
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const outgoing = toOutgoing('tickets', toIntakeRecord('tickets', 'desk', result.record, now), {
      traceparent: trace,
    });
    expect(outgoing).toMatchObject({
      topic: 'tickets.reported.v1',
      key: 'desk/T-1',
      timestamp: now,
    });
    expect(outgoing.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: 'desk/T-1/2',
      ce_source: '/tickets/desk',
      ce_type: 'signpost.tickets.reported.v1',
      ce_time: '2025-03-04T12:30:00.000Z',
      ce_subject: 'desk/T-1',
      'content-type': 'application/avro',
      traceparent: trace,
    });
  });

  test('a record that would not fit a Kafka message is refused as a whole', () => {
    const notes = Array.from({ length: 20 }, () => ({ text: 'x'.repeat(60_000) }));
    expect(
      takeIn('tickets', { ...ticket, notes }, { source: 'desk', receivedAt: now }),
    ).toMatchObject({ ok: false, reason: 'too-long', field: '' });
    expect(maxIntakeBytes).toBeLessThan(1024 * 1024);
  });

  test('a source name is kebab-case', () => {
    expect(['http', 'us-isp-complaints', 'a1-b2'].every(isSourceName)).toBe(true);
    expect(['', 'A', 'a_b', '-a', 'a-', 'a--b', 'a/b', 'x'.repeat(65)].some(isSourceName)).toBe(
      false,
    );
  });
});

describe('times', () => {
  test.each([
    ['2025-03-04T12:30:00Z', atMs],
    ['2025-03-04t12:30z', atMs],
    ['2025-03-04 12:30:00+00:00', atMs],
    ['2025-03-04T14:30:00+02:00', atMs],
    ['2025-03-04T07:00:00-0530', atMs],
    ['2025-03-04T13:30:00+01', atMs],
    ['2025-03-04T12:30:00.5Z', atMs + 500],
    ['2025-03-04T12:30:00,123456789Z', atMs + 123],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
  ])('%s is read', (text, ms) => {
    expect(readTime(text)).toBe(ms);
  });

  test.each([
    '2025-13-01T00:00:00Z',
    '2025-00-01T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2025-01-01T24:00:00Z',
    '2025-01-01T00:60:00Z',
    '2025-01-01T00:00:00+25:00',
    '2025-01-01T00:00:00+02:99',
    '2025-1-1T00:00:00Z',
    'yesterday',
    '',
  ])('%s is not a time', (text) => {
    expect(readTime(text)).toMatchObject({ reason: 'invalid-time' });
  });

  test('what Date prints is read back', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('1990-01-01T00:00:00Z'),
          max: new Date('2099-12-31T00:00:00Z'),
          noInvalidDate: true,
        }),
        (date) => {
          expect(readTime(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });
});
