// What a reader says of an insight, sent to where corrections are kept.
import type { InsightAnswer } from '../../../api/answers.ts';
import { post, type Answered } from './get.ts';

export type Verdict = 'right' | 'wrong' | 'missing';

export function judge(
  insight: InsightAnswer,
  department: string,
  verdict: Verdict,
): Promise<Answered<unknown>> {
  const { id, model } = insight;
  return post('/v1/judgements', { insightId: id, department, verdict, model });
}
