// Headers of every topic against CloudEvents 1.0 and its Kafka binding in binary mode
// (github.com/cloudevents/spec: cloudevents/spec.md, cloudevents/bindings/kafka-protocol-binding.md).
import { describe, expect, test } from 'vitest';
import { header, sourceOf, toOutgoing, type Topic } from '#core/topic.ts';
import {
  alertsRaised,
  insightsOf,
  insightsShared,
  postsPublished,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
  surveysAnswered,
  ticketsReported,
  topicsFor,
} from '../../services/topology.ts';
import { records } from '../schemas/all-codecs.ts';

const topics = topicsFor(['operations']) as unknown as readonly Topic<unknown>[];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const cases = topics.flatMap((topic) =>
  records
    .find(({ fullName }) => fullName === topic.codec.recordName)!
    .samples.map(({ name, value }) => ({ topic, title: `${topic.name}, ${name}`, value })),
);
const headersOf = (topic: Topic<unknown>, value: unknown) =>
  toOutgoing(topic, value, { timestamp: 0, traceparent }).headers;

/** "String" of the type system: no control characters, no surrogates alone, no noncharacters. */
const isString = (text: string) =>
  text.isWellFormed() && !/[\p{Cc}\ufdd0-\ufdef]|[\ufffe\uffff]/u.test(text);
/** RFC 3339, section 5.6. */
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** RFC 3986, section 4.1: the characters of a URI-reference, with percent signs only before two digits. */
const uriReference = /^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/;

describe('CloudEvents', () => {
  test.each(cases)(
    'attributes of $title are those that 1.0 requires, as it writes them',
    ({ topic, value }) => {
      const { 'content-type': contentType, ...headers } = headersOf(topic, value);
      expect(headers['ce_specversion']).toBe('1.0');
      expect(headers['ce_id']).not.toBe('');
      expect(headers['ce_source']).toMatch(uriReference);
      expect(headers['ce_type']).toBe(`signpost.${topic.name}`);
      expect(headers['ce_subject']).not.toBe('');
      expect(headers['ce_time']).toMatch(timestamp);
      expect(Number.isNaN(Date.parse(headers['ce_time']!))).toBe(false);
      // datacontenttype is the header content-type, and has no ce_ header of its own.
      expect(contentType).toBe('application/avro');
      expect(headers).not.toHaveProperty('ce_datacontenttype');
      for (const [name, text] of Object.entries(headers)) {
        if (!name.startsWith('ce_')) continue;
        // Attribute names consist of lower-case letters and digits.
        expect(name).toMatch(/^ce_[a-z0-9]{1,20}$/);
        expect({ name, isString: isString(text) }).toEqual({ name, isString: true });
      }
    },
  );

  test.each(cases)(
    '$title passes the trace on in the header that W3C names',
    ({ topic, value }) => {
      const cause = {
        topic: 'tickets.reported.v1',
        partition: 1,
        offset: 2,
        key: 'k',
        value: null,
        headers: { [header.traceparent]: traceparent },
        timestamp: 7,
      };
      const { headers, timestamp: time } = toOutgoing(topic, value, { cause });
      expect(headers['traceparent']).toBe(traceparent);
      expect(headers['signpost_origin']).toBe('tickets.reported.v1/1/2');
      expect(time).toBe(7);
    },
  );

  test('events that are not the same differ in source or id', () => {
    const sample = <T>(topic: Topic<T>): T =>
      cases.find((each) => each.topic.name === topic.name)!.value as T;
    const said = { source: 'helpdesk', id: 'T-1', version: '1' };
    const signal = sample(signalsNormalized);
    const insight = { ...sample(insightsShared), id: signal.id, signal };
    const events = [
      toOutgoing(ticketsReported, { ...sample(ticketsReported), ...said }, { timestamp: 0 }),
      toOutgoing(postsPublished, { ...sample(postsPublished), ...said }, { timestamp: 0 }),
      toOutgoing(surveysAnswered, { ...sample(surveysAnswered), ...said }, { timestamp: 0 }),
      toOutgoing(signalsNormalized, signal, { timestamp: 0 }),
      toOutgoing(insightsShared, insight, { timestamp: 0 }),
      toOutgoing(recordsRejected, { ...sample(recordsRejected), id: 'x' }, { timestamp: 0 }),
      toOutgoing(recordsDropped, sample(recordsDropped), { timestamp: 0 }),
    ].map(({ headers }) => `${headers['ce_source']} ${headers['ce_id']}`);
    expect(new Set(events).size).toBe(events.length);
    expect(events).toContain('/posts/helpdesk helpdesk/T-1/1');
    expect(events).toContain(`/insights/${signal.source} ${signal.id}`);

    // Who reads several streams of insights meets each insight once by source and id.
    const copy = toOutgoing(insightsOf('operations'), insight, { timestamp: 0 }).headers;
    expect(events).toContain(`${copy['ce_source']} ${copy['ce_id']}`);
  });

  test('the source of whoever spoke is told by every event, and by those of other producers', () => {
    for (const { topic, value } of cases) {
      // Of a judgement it is the department: customers said nothing there.
      const said = value as { source?: string; signal?: { source: string }; department?: string };
      const told = said.source ?? said.signal?.source ?? said.department;
      // An alert is nobody's word.
      const expected = topic.name === alertsRaised.name ? 'detector' : told;
      expect(sourceOf(headersOf(topic, value))).toBe(expected);
    }
    expect(sourceOf({ ce_source: 'helpdesk' })).toBe('helpdesk');
    expect(sourceOf({})).toBeUndefined();
  });

  test('no event is taken for one in structured mode', () => {
    for (const { topic, value } of cases) {
      expect(headersOf(topic, value)['content-type']).not.toMatch(/^application\/cloudevents/i);
    }
  });
});
