// The departments file: fields as evidence, departments by configuration alone, and clear refusals.
import { describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import {
  loadShippedDepartments,
  parseDepartments,
} from '../../services/classify/departments-file.ts';
import { createJudge } from '../../services/classify/judge.ts';
import { loadShippedModel } from '../../services/classify/model.ts';
import type { JudgeInput, Judgement } from '../../services/classify/judge.ts';
import { nothingSaid } from '../../services/classify/rules.ts';

const model = loadShippedModel();
const shippedDepartments = loadShippedDepartments();
const shipped = createJudge({ model, departments: shippedDepartments });

function input(given: Partial<JudgeInput>): JudgeInput {
  return {
    ...nothingSaid,
    kind: 'survey',
    ...given,
  };
}

const call = (category: string, score: number, technology: string, setting: string) =>
  shipped.judge(
    input({
      scale: 'csat',
      score,
      technology,
      attributes: { operator: 'A', setting, call_drop_category: category },
    }),
  );

const relevance = ({ departments }: Judgement, name: string) =>
  departments.find(({ department }) => department === name)?.relevance ?? 0;

const receives = (found: Judgement, name: string): boolean =>
  relevance(found, name) >=
  shippedDepartments.departments.find((department) => department.name === name)!.threshold;

describe('a rated call without words', () => {
  test('a satisfactory one concerns no department', () => {
    expect(call('Satisfactory', 5, '2G', 'Indoor')).toMatchObject({
      departments: [],
      theme: null,
      sentiment: 1,
      urgency: 'low',
    });
  });

  test('a dropped one concerns operations, with the field as reason', () => {
    const judgement = call('Call Dropped', 1, '4G', 'Outdoor');
    expect(judgement).toMatchObject({ theme: 'call-or-message', sentiment: -1 });
    expect(judgement.departments[0]).toMatchObject({
      department: 'operations',
      evidence: [
        {
          kind: 'field',
          text: 'call drop category: Call Dropped',
          start: null,
          end: null,
          weight: 6,
        },
      ],
    });
    expect(relevance(judgement, 'planning')).toBeLessThan(0.44);
  });

  test.each([
    ['Call Dropped', '2G', 'Outdoor'],
    ['Call Dropped', '3G', 'Indoor'],
    ['Call Dropped', '4G', 'Indoor'],
    ['Poor Voice Quality', '2G', 'Travelling'],
    ['Poor Voice Quality', '3G', 'Indoor'],
  ])('%s on %s, %s, concerns planning too', (category, technology, setting) => {
    const judgement = call(category, 1, technology, setting);
    expect(relevance(judgement, 'operations')).toBeGreaterThan(0.7);
    expect(relevance(judgement, 'planning')).toBeGreaterThanOrEqual(0.44);
  });
});

function ticket(
  given: Partial<NonNullable<JudgeInput['ticket']>>,
  text: string | null = null,
): Judgement {
  const none = { type: null, severity: null, priority: null, status: null };
  return shipped.judge(input({ kind: 'ticket', text, ticket: { ...none, ...given } }));
}

describe('scores and ticket fields', () => {
  test.each([
    ['csat', 1, -1],
    ['csat', 3, 0],
    ['csat', 5, 1],
    ['nps', 6, -1],
    ['nps', 8, 0],
    ['nps', 10, 1],
    ['ces', 2, -1],
    ['ces', 7, 1],
  ] as const)('%s %d without words is sentiment %d', (scale, score, sentiment) => {
    expect(shipped.judge(input({ scale, score })).sentiment).toBe(sentiment);
  });

  test('a detractor is a greater churn risk than a promoter, with or without words', () => {
    for (const text of [null, 'thinking about other providers']) {
      const risk = (score: number) => shipped.judge(input({ text, scale: 'nps', score })).churnRisk;
      expect(risk(0)).toBeGreaterThan(risk(6));
      expect(risk(6)).toBeGreaterThan(risk(10));
    }
  });

  test('a rating tips words that can be read either way', () => {
    const words = { text: 'it is a network', scale: 'csat' } as const;
    expect(shipped.judge(input({ ...words, score: 1 })).sentiment).toBe(-1);
    expect(shipped.judge(input({ ...words, score: 5 })).sentiment).toBe(1);
  });

  test.each(['awesome', 'good service', 'Exemplary Service', 'reliable affordable network'])(
    'praise that names no subject is for marketing and no fault: %s',
    (text) => {
      const found = shipped.judge(input({ kind: 'survey', text, scale: 'csat', score: 5 }));
      expect([receives(found, 'marketing'), receives(found, 'operations')]).toEqual([true, false]);
    },
  );

  test('a fault beside praise still reaches operations', () => {
    const text = 'very good service but poor network';
    const found = shipped.judge(input({ kind: 'survey', text, scale: 'csat', score: 4 }));
    expect(receives(found, 'operations')).toBe(true);
  });

  test('praise of an app, asked about the app, is for it', () => {
    const praise = { kind: 'survey', text: 'nice', scale: 'csat', score: 5 } as const;
    const found = shipped.judge(input({ ...praise, question: 'App rating' }));
    expect(receives(found, 'it')).toBe(true);
  });

  test('a post of a handle and a link tells of no fault', () => {
    const found = shipped.judge(input({ kind: 'post', text: '@TMobileHelp https://t.co/x' }));
    expect(receives(found, 'operations')).toBe(false);
  });

  test.each([
    ['Billing dispute', 'billing'],
    ['NETWORK OUTAGE', 'operations'],
    ['Coverage request', 'planning'],
    ['Contract cancellation', 'marketing'],
    ['App login', 'it'],
  ])('a ticket of the type %s without words goes to %s', (type, department) => {
    expect(relevance(ticket({ type }), department)).toBeGreaterThanOrEqual(0.5);
  });

  test('"contains" compares whole words', () => {
    expect(relevance(ticket({ type: 'Appointment' }), 'it')).toBe(0);
    expect(relevance(ticket({ type: 'Web/App: crash' }), 'it')).toBeGreaterThan(0.5);
  });

  test('severity, priority, theme and words make an insight urgent', () => {
    expect(ticket({ severity: 'Critical' }).urgency).toBe('high');
    expect(ticket({ priority: 'P1' }).urgency).toBe('high');
    expect(ticket({}, 'complete outage, no service').urgency).toBe('high');
    expect(ticket({}, 'my mother cannot call 911').urgency).toBe('high');
    expect(ticket({ priority: 'low', status: 'closed' }).urgency).toBe('low');
  });

  test('a field named like an object’s own machinery is only a field', () => {
    const attributes = Object.fromEntries([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(shipped.judge(input({ attributes })).departments).toEqual([]);
  });
});

const legal = `
prior: -4
urgency: { normal: 1, high: 3 }
departments:
  - { name: billing, title: Billing, threshold: 0.4 }
  - name: legal
    title: Legal
    threshold: 0.5
    words: [lawyer, small claims, { phrase: attorney general, adds: 6 }]
    themes: { privacy-or-fraud: 1.5 }
    rules:
      - { when: { fields: { ticket.type: { contains: regulator } } }, adds: 5 }
rules:
  - { when: { kind: post, words: sue }, adds: { legal: 5 }, urgency: 3 }
  - { when: { themes: billing-error, sentiments: -1 }, adds: { legal: 1 } }
`;

describe('a department that exists by configuration alone', () => {
  const judge = createJudge({ model, departments: parseDepartments(legal) });
  const legalOf = (text: string, more: Partial<JudgeInput> = {}) =>
    judge
      .judge(input({ kind: 'post', text, ...more }))
      .departments.find(({ department }) => department === 'legal');

  test('its words make it relevant and are its reasons, as spans', () => {
    const text = 'See you in SMALL   claims, my Lawyer says';
    const found = legalOf(text)!;
    expect(found.relevance).toBeGreaterThan(0.9);
    const shown = found.evidence.map(({ start, end }) => text.slice(start!, end!));
    expect(shown.toSorted()).toEqual(['Lawyer', 'SMALL   claims']);
  });

  test('words match whole words only, and a repeated word counts once', () => {
    expect(legalOf('the lawyers smallest claims')).toBeUndefined();
    expect(legalOf('lawyer lawyer lawyer')!.relevance).toBe(legalOf('lawyer')!.relevance);
  });

  test('its rules work without words, beside those of every department', () => {
    const types = { type: 'Regulator inquiry', severity: null, priority: null, status: null };
    const found = judge.judge(input({ kind: 'ticket', ticket: types })).departments;
    expect(found).toEqual([
      {
        department: 'legal',
        relevance: 0.7311,
        evidence: [
          {
            kind: 'field',
            text: 'ticket.type: Regulator inquiry',
            start: null,
            end: null,
            weight: 5,
          },
        ],
        rest: -4,
      },
    ]);
  });

  test('a common rule names it by a word, which is then its reason', () => {
    const judgement = judge.judge(input({ kind: 'post', text: 'I will sue' }));
    expect(judgement.urgency).toBe('high');
    expect(
      judgement.departments.find(({ department }) => department === 'legal')!.evidence,
    ).toEqual([{ kind: 'words', text: 'sue', start: 7, end: 10, weight: 5 }]);
    expect(relevance(judge.judge(input({ kind: 'survey', text: 'I will sue' })), 'legal')).toBe(0);
  });

  test('a rule can ask for there being no theme', () => {
    const chatter = legal.replace('themes: billing-error, sentiments: -1', 'themes: none');
    const found = createJudge({ model, departments: parseDepartments(chatter) });
    const said = found.judge(input({ kind: 'post', text: 'DM sent, lawyer' })).departments;
    expect(said[0]!.evidence).toEqual([
      { kind: 'words', text: 'lawyer', start: 9, end: 15, weight: 4 },
      { kind: 'field', text: 'theme: none', start: null, end: null, weight: 1 },
    ]);
  });

  test('departments of the model and configured ones stand in one list, most relevant first', () => {
    const found = judge.judge(
      input({ kind: 'post', text: 'wrong charge, I get a lawyer and sue' }),
    );
    expect(found.departments.map(({ department }) => department)).toEqual(
      expect.arrayContaining(['billing', 'legal']),
    );
    const relevances = found.departments.map((each) => each.relevance);
    expect(relevances).toEqual(relevances.toSorted((a, b) => b - a));
  });

  test('a department of the model that the file does not name is not reported', () => {
    const found = judge.judge(input({ kind: 'post', text: 'internet is down, no connection' }));
    expect(found.departments.map(({ department }) => department)).not.toContain('operations');
  });

  test('a value too long to show is shortened', () => {
    const types = {
      type: `regulator ${'x'.repeat(5_000)}`,
      severity: null,
      priority: null,
      status: null,
    };
    const found = judge.judge(input({ kind: 'ticket', ticket: types })).departments[0]!;
    expect(found.evidence[0]!.text.length).toBeLessThanOrEqual(120);
  });
});

describe('a wrong departments file is refused with the place', () => {
  test.each([
    [
      'a name that is not kebab-case',
      'name: legal',
      'name: Legal_Dept',
      /departments\.1\.name.*kebab-case/,
    ],
    ['a name declared twice', 'name: legal', 'name: billing', /billing is declared twice/],
    [
      'an unknown department',
      'adds: { legal: 5 }',
      'adds: { legl: 5 }',
      /legl.*no declared department: billing, legal/,
    ],
    ['an unknown field', 'ticket.type:', 'ticket.typ:', /ticket\.typ/],
    ['an unknown condition', 'kind: post', 'kinds: post', /kinds/],
    ['an unknown kind', 'kind: post', 'kind: tweet', /kind/],
    [
      'a band of doubt above the threshold',
      'threshold: 0.5',
      'threshold: 0.5\n    unsureFrom: 0.6',
      /departments\.1\.unsureFrom: must not be above threshold/,
    ],
    ['a threshold out of bounds', 'threshold: 0.5', 'threshold: 50', /threshold/],
    ['no prior', 'prior: -4', '', /prior/],
    ['a score without scale', 'kind: post', 'scoreAtMost: 2', /a score needs its scale/],
    ['a circular rule', 'adds: { legal: 1 }', 'churn: 1', /depends on theme, sentiment or churn/],
    ['no YAML', 'prior: -4', 'prior: [', /is not YAML/],
  ])('%s', (_, from, into, message) => {
    const wrong = legal.replace(from, into);
    expect(() => parseDepartments(wrong)).toThrow(SignpostError);
    expect(() => parseDepartments(wrong)).toThrow(message);
  });

  test('a theme the model does not know is refused, with those it knows', () => {
    const departments = parseDepartments(legal.replace('privacy-or-fraud', 'weather'));
    expect(() => createJudge({ model, departments })).toThrow(/weather.*it knows.*outage/);
  });

  test('a phrase without a word is refused', () => {
    const departments = parseDepartments(legal.replace('small claims', '"--"'));
    expect(() => createJudge({ model, departments })).toThrow(/holds no word/);
  });
});
