// Labelled texts: judgements joined with the insights they are of, both read from the log.
import type { Insight } from '#schemas/insight.ts';
import type { LogReader } from '#core/log/port.ts';
import { insightsShared } from '../../topology.ts';
import { readRange } from '../read-range.ts';
import { labelsOf, type Labels, type ThresholdOf } from './label.ts';
import { readJudgements } from './read-judgements.ts';
import { createVerdicts, type WordsOnInsight } from './verdicts.ts';

/** One text with what a model should say of it. */
export interface LabelledText extends Labels {
  /** Of the insight. */
  readonly id: string;
  /** As redacted. */
  readonly text: string;
  readonly kind: Insight['signal']['kind'];
  /** Customer satisfaction from 1 to 5; absent where none was given. */
  readonly rating?: number;
}

/** What became of the judgements: `insights = rows + gone + withoutText`. */
export interface ExportCounts {
  readonly rows: number;
  /** Insights with a judgement that counts. */
  readonly insights: number;
  /** Records read, those replaced by later ones too. */
  readonly judgements: number;
  readonly readers: number;
  /** Insights no longer on the log. */
  readonly gone: number;
  /** Insights without words: a score alone. */
  readonly withoutText: number;
  /** Judgements that cannot be decoded. */
  readonly unreadable: number;
  /** Judgements with a verdict of a later release. */
  readonly unknownVerdicts: number;
}

/** What is kept of an insight until its row is made. */
type Judged = Pick<Insight, 'departments' | 'sharedWith' | 'model' | 'signal'>;

/** The rows in order of the first judgement of each. Memory holds the insights judged, and no others. */
export async function labelledTexts(
  log: LogReader,
  thresholdOf: ThresholdOf,
): Promise<{ readonly rows: readonly LabelledText[]; readonly counts: ExportCounts }> {
  const verdicts = createVerdicts();
  let unreadable = 0;
  for await (const judgement of readJudgements(log, () => (unreadable += 1)))
    verdicts.add(judgement);
  const insights = await judgedInsights(log, verdicts.byInsight);
  const rows: LabelledText[] = [];
  let gone = 0;
  let withoutText = 0;
  for (const [id, words] of verdicts.byInsight) {
    const insight = insights.get(id);
    if (insight === undefined) gone += 1;
    else if (insight.signal.text === null || insight.signal.text.trim() === '') withoutText += 1;
    else rows.push(rowOf(id, insight.signal.text, insight, words, thresholdOf));
  }
  const { judgements, unknown, readers, byInsight } = verdicts;
  const counts = {
    rows: rows.length,
    insights: byInsight.size,
    judgements,
    readers,
    gone,
    withoutText,
    unreadable,
    unknownVerdicts: unknown,
  };
  return { rows, counts };
}

function rowOf(
  id: string,
  text: string,
  insight: Judged,
  words: WordsOnInsight,
  thresholdOf: ThresholdOf,
): LabelledText {
  const { kind, scale, score } = insight.signal;
  const rating = scale === 'csat' && score !== null ? { rating: score } : {};
  return { id, text, kind, ...rating, ...labelsOf(words, insight, thresholdOf) };
}

async function judgedInsights(
  log: LogReader,
  byInsight: ReadonlyMap<string, WordsOnInsight>,
): Promise<ReadonlyMap<string, Judged>> {
  const found = new Map<string, Judged>();
  if (byInsight.size === 0) return found;
  const { name, codec } = insightsShared;
  const topic = (await log.topics()).find((each) => each.name === name);
  for (const { partition, start, end } of topic?.partitions ?? []) {
    for await (const records of readRange(log, name, partition, start, end)) {
      for (const { headers, value } of records) {
        const words = byInsight.get(headers['ce_id'] ?? '');
        if (words === undefined || value === null) continue;
        const { id, departments, sharedWith, model, signal } = codec.decode(value);
        const next = { departments, sharedWith, model, signal };
        found.set(id, better(found.get(id), next, modelOf(words)));
      }
    }
  }
  return found;
}

/** Of an insight that several models judged, the one that readers had before them; else the last. */
function better(kept: Judged | undefined, next: Judged, model: string): Judged {
  return kept?.model === model && next.model !== model ? kept : next;
}

/** The model that the last word names. */
function modelOf(words: WordsOnInsight): string {
  let latest = { order: -1, model: '' };
  for (const byReader of words.values())
    for (const word of byReader.values()) if (word.order > latest.order) latest = word;
  return latest.model;
}
