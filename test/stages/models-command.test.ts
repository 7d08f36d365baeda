// What another model would change: counted, with examples that are harmless to a terminal; and what a model is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Judge, JudgeInput, Judgement } from '../../services/classify/judge.ts';
import { nothingSaid } from '../../services/classify/rules.ts';
import { comparisonLines } from '../../services/cli/models/compare-command.ts';
import { createComparison } from '../../services/cli/models/comparison.ts';
import type { RoutingJudge } from '../../services/cli/models/open-model.ts';
import { createOutput } from '../../services/cli/output.ts';
import { subscribersByName } from '../../services/publish/route.ts';
import { run } from '../support/command.ts';
import { otherModel, shippedVersion } from '../support/other-model.ts';

const input = (text: string): JudgeInput => ({
  ...nothingSaid,
  kind: 'post',
  text,
});

/** A judge that finds what a table says of a text. */
function judgingOf(
  version: string,
  thresholds: Record<string, number>,
  found: Record<
    string,
    { relevant: Record<string, number>; theme?: string; sentiment?: -1 | 0 | 1 }
  >,
): RoutingJudge {
  const judge: Judge = {
    version,
    judge({ text }): Judgement {
      const { relevant, theme = null, sentiment = 0 } = found[text!]!;
      return {
        departments: Object.entries(relevant).map(([department, relevance]) => ({
          department,
          relevance,
          evidence: [],
          rest: 0,
        })),
        theme,
        themeConfidence: 1,
        sentiment,
        urgency: 'low',
        churnRisk: 0,
        reading: { tokens: 1, unknown: 0 },
      };
    },
  };
  const subscribers = Object.entries(thresholds).map(([name, threshold]) => ({
    name,
    threshold,
    unsureFrom: threshold - 0.2,
  }));
  return { judge, subscribers: subscribersByName(subscribers) };
}

describe('a comparison', () => {
  const texts = ['a', 'b', 'c', 'd'];
  const before = judgingOf(
    'v1',
    { it: 0.5, billing: 0.5 },
    {
      a: { relevant: { it: 0.9 }, theme: 'outage' },
      b: { relevant: { it: 0.2, billing: 0.4 }, theme: 'price', sentiment: -1 },
      c: { relevant: {} },
      d: { relevant: { billing: 0.6 } },
    },
  );
  const after = judgingOf(
    'v2',
    { it: 0.3, billing: 0.7 },
    {
      a: { relevant: { it: 0.31 }, theme: 'outage' },
      b: { relevant: { it: 0.4, billing: 0.9 }, theme: 'outage' },
      c: { relevant: { it: 0.35 } },
      d: { relevant: { billing: 0.65 } },
    },
  );
  const compared = (examples = 9) => {
    const comparison = createComparison(before, after, examples);
    for (const text of texts) comparison.see(input(text));
    return comparison.close();
  };

  it('counts, by the thresholds of each, who would newly get what and who no longer', () => {
    expect(compared()).toMatchObject({
      old: 'v1',
      new: 'v2',
      records: 4,
      rerouted: 3,
      departments: {
        it: { before: 0.25, after: 0.75, toYes: 2, toNo: 0, unsureBefore: 0, unsureAfter: 0 },
        billing: {
          before: 0.25,
          after: 0.25,
          toYes: 1,
          toNo: 1,
          unsureBefore: 0.25,
          unsureAfter: 0.25,
        },
      },
      themes: { changed: 1, most: [{ from: 'price', to: 'outage', records: 1 }] },
      sentiments: { changed: 1, most: [{ from: '-1', to: '0', records: 1 }] },
    });
  });

  it('keeps the largest changes as examples, so many of each department', () => {
    expect(compared(1).examples).toEqual([
      { department: 'it', became: 'yes', text: 'c', before: 0, after: 0.35 },
      { department: 'billing', became: 'yes', text: 'b', before: 0.4, after: 0.9 },
    ]);
    expect(compared(0).examples).toEqual([]);
  });

  it('shows words of customers harmlessly', () => {
    const hostile = '\u001b[2J\u202eevil\nsecond line';
    const yes = { [hostile]: { relevant: { it: 0.9 } } };
    const no = { [hostile]: { relevant: {} } };
    const comparison = createComparison(
      judgingOf('v1', { it: 0.5 }, no),
      judgingOf('v2', { it: 0.5 }, yes),
      1,
    );
    comparison.see(input(hostile));
    const shown = comparisonLines(comparison.close(), createOutput()).join('\n');
    expect(shown).toContain('“␛[2J\\u{202e}evil second line”');
    expect(shown).not.toContain('\u001b[2J');
  });

  it('of nothing says so', () => {
    const lines = comparisonLines(createComparison(before, after, 3).close(), createOutput());
    expect(lines).toEqual(['There was nothing to judge.']);
  });
});

describe('signpost models', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signpost-models-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const models = (...args: readonly string[]) => run(['models', ...args], { cwd: folder });

  it('show tells what a model is, for people and for scripts', async () => {
    const shown = await models('show', 'shipped');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toContain(shippedVersion);
    expect(shown.stdout).toMatch(/operations {2}yes from 0\.\d\d/);
    const { stdout } = await models('show', 'shipped', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      version: shippedVersion,
      tasks: expect.arrayContaining([expect.objectContaining({ name: 'departments' })]),
      trained: { rows: expect.any(Number) },
    });
  });

  it('compare judges texts of a file', async () => {
    const other = otherModel();
    writeFileSync(join(folder, 'other.bin'), other.bytes);
    writeFileSync(
      join(folder, 'texts.jsonl'),
      '\ufeff{"text": "internet is down"}\n\n{"text": "my bill is wrong", "kind": "survey", "rating": 1}\n',
    );
    const args = ['compare', 'shipped', 'other.bin', '--data', 'texts.jsonl'];
    const { code, stdout } = await models(...args, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      old: shippedVersion,
      new: other.version,
      records: 2,
      rerouted: 0,
      departments: { billing: { before: 0.5, after: 0.5, toYes: 0, toNo: 0 } },
    });
    expect((await models(...args)).stdout).toContain('on 2 records');
  });

  it.each<[string, readonly string[], number, RegExp]>([
    ['nothing to judge', [], 2, /one of them/],
    ['two things to judge', ['--data', 'a', '--signals', 'b'], 2, /one of them/],
    ['a file that is not there', ['--data', 'none.jsonl'], 1, /Cannot read none\.jsonl/],
    ['a line that is no JSON', ['--data', 'bad.jsonl'], 1, /bad\.jsonl, line 2: it is not JSON/],
    ['a line without text', ['--data', 'textless.jsonl'], 1, /textless\.jsonl, line 1: text /],
    ['a directory without a log', ['--signals', 'none'], 1, /none/],
  ])('compare with %s is refused', async (_, args, code, says) => {
    writeFileSync(join(folder, 'bad.jsonl'), '{"text": "a"}\nnot json\n');
    writeFileSync(join(folder, 'textless.jsonl'), '{"words": "a"}\n');
    const ended = await models('compare', 'shipped', 'shipped', ...args);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(says)]);
  });

  it('refuses a file that is no model, by its name', async () => {
    writeFileSync(join(folder, 'x.bin'), 'no model');
    const { code, stderr } = await models('show', 'x.bin');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Cannot use the model x.bin: ')]);
  });
});
