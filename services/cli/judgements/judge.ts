// `signpost judge`: one reader's word on one insight, checked against the insight as it lies on the log.
import type { Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import { SignpostError } from '#core/errors.ts';
import type { Refusal } from '#core/refusal.ts';
import type { JudgeOptions, Verdict } from '../commands/judge.ts';
import { readDepartments } from '../departments.ts';
import { nearest } from '#core/nearest.ts';
import { configOf, logAt } from '../open-log.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { oneLine, truncate } from '../safe-text.ts';
import { insightsJudged } from '../../topology.ts';
import { findInsight } from './find-insight.ts';
import { belongs } from './label.ts';
import { judgementIntake } from './route.ts';
import { send } from './send.ts';

/** `source` of what comes by command. */
const source = 'command';

export async function judge(
  insightId: string,
  verdict: Verdict,
  place: LogPlace,
  options: JudgeOptions,
): Promise<void> {
  const config = configOf(place);
  const { departments } = readDepartments(config.classify);
  const names = departments.map(({ name }) => name);
  const known = departments.find(({ name }) => name === options.department);
  if (known === undefined) throw unknownDepartment(options.department, names);
  const insight = await withReader(place, (log) => findInsight(log, insightId));
  const input = {
    insightId,
    verdict,
    department: options.department,
    theme: options.theme,
    comment: options.comment,
    judgedBy: options.by,
    model: insight.model,
  };
  const taken = judgementIntake(config, names).take(input, {
    source,
    departments: null,
    receivedAt: Date.now(),
    traceparent: undefined,
  });
  if (!taken.ok) throw refused(taken);
  const { outgoing } = taken;
  const at = logAt(place, () => config);
  const sentTo = await send({ at, config, outgoing, input, env: process.env, fetch });
  const judgement = insightsJudged.codec.decode(outgoing.value!);
  const label = belongs(verdict, known.name, insight, () => known.threshold);
  const output = createOutput();
  if (options.json) await output.json({ ...judgement, belongs: label, sentTo });
  else
    for (const line of lines(insight, judgement, known.threshold, label, sentTo, output))
      await output.line(line);
}

/** What was said, what the word on it means, and where it went. */
function lines(
  { signal, departments }: Insight,
  { verdict, department, judgedBy, theme }: Judgement,
  threshold: number,
  label: boolean,
  sentTo: string,
  { styles, columns }: Output,
): string[] {
  const words = truncate(oneLine(signal.text ?? 'no words'), Math.max(20, columns - 4));
  const said = departments.find((each) => each.department === department)?.relevance ?? 0;
  const was = said >= threshold ? 'which received it' : 'which did not receive it';
  return [
    `“${words}”`,
    `${styles.bold(`Judged ${verdict}`)} for ${department}, ${was} (relevance ${said.toFixed(2)}): ` +
      `it ${label ? 'belongs' : 'does not belong'} there${theme === null ? '' : `, theme ${theme}`}.`,
    styles.dim(oneLine(`By ${judgedBy}; written to ${sentTo}.`)),
  ];
}

function unknownDepartment(name: string, known: readonly string[]): SignpostError {
  const meant = nearest(name, known);
  return new SignpostError(
    'unknown-department',
    `There is no department ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    { hint: `There are ${known.join(', ')}.` },
  );
}

const optionOf: Readonly<Record<string, string>> = {
  insightId: 'The id of the insight',
  theme: '--theme',
  comment: '--comment',
  judgedBy: '--by',
};

function refused({ field, detail }: Refusal): SignpostError {
  return new SignpostError('judgement-refused', `${optionOf[field] ?? field} ${detail}`);
}
