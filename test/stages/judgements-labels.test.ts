// From what readers said to labelled texts: last words, votes, ties, and everything that becomes no row is counted.
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import { toOutgoing } from '#core/topic.ts';
import { belongs, labelsOf } from '../../services/cli/judgements/label.ts';
import { labelledTexts } from '../../services/cli/judgements/rows.ts';
import { reportLines } from '../../services/cli/judgements/export.ts';
import { createVerdicts } from '../../services/cli/judgements/verdicts.ts';
import { createOutput } from '../../services/cli/output.ts';
import { showRecord } from '../../services/cli/tail/show-record.ts';
import { insightsJudged, insightsShared } from '../../services/topology.ts';
import { records } from '../schemas/all-codecs.ts';
import { createMemoryReader } from '../support/memory-reader.ts';

const sample = records.find(({ fullName }) => fullName === insightCodec.recordName)!.samples[0]!
  .value as Insight;
const thresholdOf = (department: string) =>
  ({ operations: 0.5, billing: 0.5, planning: 0.5 })[department];

function insight(id: string, relevance: Record<string, number> = {}, more: Partial<Insight> = {}) {
  const departments = Object.entries(relevance).map(([department, each]) => ({
    department,
    relevance: each,
    evidence: [],
    rest: 0,
  }));
  const signal = { ...sample.signal, id, scale: null, score: null, text: `said in ${id}` };
  return { ...sample, id, signal, departments, model: 'm1', sharedWith: null, ...more };
}
const said = (by: string, verdict: Judgement['verdict'], more: Partial<Judgement> = {}) => ({
  id: `${by}-${verdict}`,
  insightId: 'i1',
  department: 'operations',
  verdict,
  theme: null,
  comment: null,
  judgedBy: by,
  judgedAt: 1,
  model: 'm1',
  ...more,
});
function labels(of: Insight, ...judgements: readonly Judgement[]) {
  const verdicts = createVerdicts();
  for (const judgement of judgements) verdicts.add(judgement);
  return labelsOf(verdicts.byInsight.get('i1')!, of, thresholdOf);
}

describe('one word', () => {
  const sent = insight('i1', { operations: 0.9, billing: 0.1 });
  test.each([
    ['right', 'operations', true],
    ['right', 'billing', false],
    ['right', 'planning', false],
    ['wrong', 'operations', false],
    ['missing', 'billing', true],
    ['right', 'gone', true],
  ] as const)('%s for %s: belongs there is %s', (verdict, department, is) => {
    expect(belongs(verdict, department, sent, thresholdOf)).toBe(is);
  });

  it('right is told by who received the insight, where it says so', () => {
    const shared = { ...sent, sharedWith: ['billing'] };
    expect(belongs('right', 'billing', shared, thresholdOf)).toBe(true);
    expect(belongs('right', 'operations', shared, thresholdOf)).toBe(false);
  });
});

describe('readers', () => {
  const sent = insight('i1', { operations: 0.9 });

  it('have one voice each: the last word on an insight and department', () => {
    const changed = [said('a', 'wrong'), said('a', 'right'), said('a', 'wrong')];
    expect(labels(sent, ...changed).departments).toEqual({ operations: false });
    expect(
      labels(sent, said('a', 'wrong'), said('a', 'wrong'), said('b', 'right'), said('c', 'right'))
        .departments,
    ).toEqual({ operations: true });
  });

  it('decide by majority, and of a tie the latest word does', () => {
    const two = [said('a', 'right'), said('b', 'wrong')];
    expect(labels(sent, ...two).departments).toEqual({ operations: false });
    expect(labels(sent, ...two.toReversed()).departments).toEqual({ operations: true });
    expect(labels(sent, ...two, said('c', 'missing')).departments).toEqual({ operations: true });
  });

  it('vote on the theme likewise, at whichever department they named it', () => {
    const words = [
      said('a', 'wrong', { theme: 'price' }),
      said('a', 'missing', { theme: 'coverage', department: 'planning' }),
      said('b', 'right', { theme: 'outage' }),
      said('c', 'missing', { theme: 'coverage', department: 'planning' }),
    ];
    expect(labels(sent, ...words)).toMatchObject({
      theme: 'coverage',
      departments: { operations: true, planning: true },
    });
    expect(labels(sent, said('a', 'wrong', { theme: 'price' }), said('a', 'wrong'))).toEqual({
      departments: { operations: false },
      judgedAt: 1,
    });
  });

  it('change nothing by sending again', () => {
    const word = fc.record({
      judgedBy: fc.constantFrom('a', 'b', 'c'),
      verdict: fc.constantFrom('right' as const, 'wrong' as const, 'missing' as const),
      department: fc.constantFrom('operations', 'billing'),
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), (words) => {
        const judgements = words.map((each) => said(each.judgedBy, each.verdict, each));
        const twice = judgements.flatMap((each) => [each, each]);
        expect(labels(sent, ...twice)).toEqual(labels(sent, ...judgements));
      }),
    );
  });
});

describe('labelled texts', () => {
  function logOf(insights: readonly Insight[], judgements: readonly Judgement[]) {
    const log = createMemoryReader([insightsShared.name, insightsJudged.name]);
    for (const each of insights)
      log.put(toOutgoing(insightsShared, each, { timestamp: 1 }), each.id.length % 2);
    for (const each of judgements)
      log.put(toOutgoing(insightsJudged, each, { timestamp: each.judgedAt }));
    return log;
  }

  it('are one to a judged insight, with its words, its kind and its rating', async () => {
    const rated = insight('i22', { billing: 0.8 });
    const log = logOf(
      [
        insight('i1', { operations: 0.9 }),
        { ...rated, signal: { ...rated.signal, scale: 'csat', score: 2 } },
        insight('not-judged'),
      ],
      [
        said('a', 'wrong', { theme: 'price' }),
        said('a', 'right', { insightId: 'i22', department: 'billing', judgedAt: 5 }),
      ],
    );
    const { rows, counts } = await labelledTexts(log, thresholdOf);
    const { kind } = sample.signal;
    expect(rows).toEqual([
      {
        id: 'i1',
        text: 'said in i1',
        kind,
        departments: { operations: false },
        theme: 'price',
        judgedAt: 1,
      },
      {
        id: 'i22',
        text: 'said in i22',
        kind,
        rating: 2,
        departments: { billing: true },
        judgedAt: 5,
      },
    ]);
    expect(counts).toMatchObject({ rows: 2, insights: 2, judgements: 2, readers: 1, gone: 0 });
  });

  it('count what became none: gone, without words, unreadable, of a later release', async () => {
    const wordless = insight('i1');
    const log = logOf(
      [{ ...wordless, signal: { ...wordless.signal, text: null } }],
      [said('a', 'wrong'), said('a', 'wrong', { insightId: 'gone' }), said('b', 'unknown')],
    );
    log.put({ topic: insightsJudged.name, value: Buffer.from('nonsense') });
    log.put({ topic: insightsJudged.name, value: null });
    const { rows, counts } = await labelledTexts(log, thresholdOf);
    expect(rows).toEqual([]);
    expect(counts).toEqual({
      rows: 0,
      insights: 2,
      judgements: 3,
      readers: 1,
      gone: 1,
      withoutText: 1,
      unreadable: 1,
      unknownVerdicts: 1,
    });
    const report = reportLines(counts, undefined);
    expect(report[0]).toBe('0 labelled texts of 2 judged insights; 3 judgements of 1 reader.');
    expect(report).toHaveLength(5);
  });

  it('are of the insight that readers had before them, where several models judged it', async () => {
    const before = insight('i1', { operations: 0.9 });
    const after = insight('i1', { operations: 0.1 }, { model: 'm2' });
    const judged = async (model: string) =>
      (await labelledTexts(logOf([before, after], [said('a', 'right', { model })]), thresholdOf))
        .rows[0]!.departments;
    expect(await judged('m1')).toEqual({ operations: true });
    expect(await judged('m2')).toEqual({ operations: false });
    expect(await judged('unknown')).toEqual({ operations: false });
  });

  it('are none on a log that knows no judgements', async () => {
    const { counts } = await labelledTexts(createMemoryReader([insightsShared.name]), thresholdOf);
    expect(reportLines(counts, undefined)[0]).toContain('No judgements yet');
  });
});

it('whatever a reader wrote, a judgement is shown in lines that do nothing to the terminal', () => {
  const terminal = createOutput(
    { isTTY: true, columns: 80, write: () => true, once: () => undefined },
    {},
  );
  const colours = new RegExp(String.raw`\u001b\[\d+m`, 'g');
  const at = { partition: 1, offset: 7 };
  const text = fc.string({ unit: 'binary' }).map((each) => each.toWellFormed());
  fc.assert(
    fc.property(text, text, (comment, by) => {
      const judgement = said(by, 'wrong', { comment, theme: by, department: comment, model: by });
      const outgoing = toOutgoing(insightsJudged, judgement, { timestamp: 0 });
      for (const line of showRecord({ ...outgoing, ...at }, terminal))
        expect(line.replace(colours, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
});
