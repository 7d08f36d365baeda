// Drafts and the report of an alert: what they say to whom, and what they never say.
import { describe, expect, test } from 'vitest';
import type { StoredPath } from '#core/store/alert-tables.ts';
import type { AlertAnswer, Draft } from '../../services/portal/alerts/answers.ts';
import { draftsOf, publicPlace } from '../../services/portal/alerts/drafts.ts';
import { reportOf } from '../../services/portal/alerts/report.ts';
import {
  chanceWords,
  durationWords,
  listed,
  plain,
  roundWords,
} from '../../services/portal/alerts/wording.ts';
import { alertExamples } from '../../services/portal/http/alert-examples.ts';

const fresno: StoredPath = {
  country: 'US',
  region: 'California',
  city: 'Fresno',
  area: null,
  postcode: null,
  site: null,
};
const street: StoredPath = { ...fresno, area: 'FR-07', site: 'FRS-0042-B' };
const answer = alertExamples.alert;

function draftsFor(changes: Partial<AlertAnswer['alert']>, path = fresno): readonly Draft[] {
  return draftsOf({ ...answer, alert: { ...answer.alert, ...changes } }, path);
}
const draft = (drafts: readonly Draft[], audience: Draft['audience']): Draft =>
  drafts.find((each) => each.audience === audience)!;

test('Operations hear what, where, since when, how many, how sure and what rose', () => {
  const { subject, text } = draft(draftsFor({}), 'operations');
  expect(subject).toBe(
    'Outage and unstable service, Fresno, California, since 29 Nov 2026, 06:15 UTC',
  );
  expect(text.split('\n')).toEqual([
    'What: outage and unstable service, by what customers report',
    'Where: Fresno, California (city)',
    'Since: 29 Nov 2026, 06:15 UTC, noticed 29 Nov 2026, 06:35 UTC',
    'How many: 57 customers said so, about 4 are usual',
    'Affected: about 3,700 (1,900 to 7,000) customers, an estimate from how few of them say so',
    'How sure: chance gives such a count less than once in 1,000,000 looks at one place and theme; thresholds are set so that all looks together give about the false alarms a week that you allow',
    'Words that rose: no internet, red light, modem',
    'Planned work nearby: none known',
    'Now: firing, nobody has acknowledged it',
  ]);
});

test('Customer Service hear what to say and what not to promise', () => {
  const { text } = draft(draftsFor({}), 'customer-service');
  expect(text).toContain('more customers than usual in Fresno, California report no service');
  expect(text).toMatch(/Do not promise:\n- when it will be over/);
  expect(text).toContain('a credit or a visit by a technician');
  const bills = draft(draftsFor({ themes: ['billing-error'] }), 'customer-service').text;
  expect(bills).toContain('questions about their bills');
  expect(bills).toContain('a refund or a correction');
});

test('Marketing have a public wording and hold campaigns in the place, until it is over', () => {
  expect(draft(draftsFor({}), 'marketing').text).toContain(
    'Hold campaigns, offers and posts that were planned for Fresno, California',
  );
  const over = draftsFor({ state: 'resolved', resolvedAt: '2026-11-29T09:00:00.000Z' });
  expect(draft(over, 'marketing').subject).toBe('Campaigns may go on: Fresno, California');
  expect(draft(over, 'customer-service').text).toContain(
    'from 29 Nov 2026, 06:15 UTC to 29 Nov 2026, 09:00 UTC',
  );
  expect(draft(over, 'operations').subject).toMatch(/^Over: /);
});

test('what customers are told names no site, no area of the provider and no number of customers', () => {
  const place = { level: 'site' as const, key: 'site:FRS-0042-B', name: 'site FRS-0042-B, FR-07' };
  const drafts = draftsFor({ place }, street);
  for (const audience of ['customer-service', 'marketing'] as const) {
    const { subject, text } = draft(drafts, audience);
    expect(subject + text).not.toMatch(/FRS|FR-07|57|3,7/);
    expect(text).toContain('Fresno, California');
  }
  expect(draft(drafts, 'operations').text).toContain('site FRS-0042-B, FR-07');
});

test.each([
  [{ country: 'US' }, 'United States'],
  [{ country: 'US', region: 'California' }, 'California'],
  [{ country: 'US', postcode: '93722' }, 'postcode 93722'],
  [{}, 'all places'],
  [{ country: 'Atlantis' }, 'Atlantis'],
])('customers know %j as %s', (path, words) => {
  const nowhere = { ...street, country: null, region: null, city: null, area: null, site: null };
  expect(publicPlace({ ...nowhere, ...path })).toBe(words);
});

describe('hostile names', () => {
  const hostile = 'Main St\u202e\n<img src=x onerror=alert(1)>';
  const alert = {
    ...answer.alert,
    themes: [hostile],
    product: hostile,
    place: { level: 'city' as const, key: null, name: hostile },
  };
  const told = { ...answer, alert, words: [hostile] };

  test('break no line of a draft', () => {
    for (const { text, subject } of draftsOf(told, { ...fresno, city: hostile })) {
      expect(text + subject).not.toContain('\u202e');
      expect(subject).not.toContain('\n');
      expect(text).not.toMatch(/^<img/m);
    }
  });

  test('are text in the report', () => {
    const html = reportOf({ ...told, drafts: [] }, Date.UTC(2026, 10, 29, 8));
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(html).not.toContain('\u202e');
  });
});

test('the report keeps to one page: the first and the last of much', () => {
  const transition = answer.timeline[0]!;
  const timeline = Array.from({ length: 40 }, (_, index) => ({
    ...transition,
    id: String(index),
    summary: `Step ${index}.`,
  }));
  const quote = { ...answer.examples[0]!, text: 'x'.repeat(5000) };
  const examples = Array.from({ length: 12 }, () => quote);
  const html = reportOf({ ...answer, timeline, examples }, Date.UTC(2026, 10, 29, 8));
  expect(html).toContain('Step 0.');
  expect(html).toContain('Step 39.');
  expect(html).toContain('35 in between are left out.');
  expect(html.length).toBeLessThan(12_000);
});

test('what is not resolved says so, with the moment it was looked at', () => {
  const html = reportOf(answer, Date.UTC(2026, 10, 29, 8));
  expect(html).toContain('Still going on, for 1 h 45 min.');
  expect(html).toContain('not yet, 29 Nov 2026, 08:00 UTC');
});

test('numbers and lists in words', () => {
  expect([3.4, 37.2, 1945, 12_345].map(roundWords)).toEqual(['3', '37', '1,900', '12,000']);
  expect([1e-9, 2e-4, 0.5].map((each) => chanceWords(each).split(';')[0])).toEqual([
    'chance gives such a count less than once in 1,000,000 looks at one place and theme',
    'chance gives such a count about once in 5,000 looks at one place and theme',
    'chance gives such a count about once in 2 looks at one place and theme',
  ]);
  const minute = 60_000;
  expect([45, 60, 200, 3000, 2880].map((each) => durationWords(each * minute))).toEqual([
    '45 min',
    '1 h',
    '3 h 20 min',
    '2 days 2 h',
    '2 days',
  ]);
  expect([listed([]), listed(['a']), listed(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
  expect(plain('\u0000\u200b')).toBe('(no name)');
});
