// Another model for what was judged before: it judges the signal that an insight holds, by the present departments file.
import type { Insight } from '#schemas/insight.ts';
import { insightOf } from '../../../classify/stage.ts';
import { createJudge } from '../../../classify/judge.ts';
import type { Config } from '../../config.ts';
import { readDepartments } from '../../departments.ts';
import { openModel } from '../../models/open-model.ts';

export interface Anew {
  /** Version of the model. */
  readonly version: string;
  readonly judge: (insight: Insight) => Insight;
}

/** @param name a file, or `shipped`; undefined: what was judged stands. @throws SignpostError `model-unreadable` */
export function judgeOf(config: Pick<Config, 'classify'>, name: string | undefined): Anew | null {
  if (name === undefined) return null;
  const departments = readDepartments(config.classify);
  const judge = createJudge({ model: openModel(name).model, departments });
  const { version } = judge;
  return {
    version,
    judge: ({ signal }) => insightOf(signal, judge.judge(signal), version),
  };
}
