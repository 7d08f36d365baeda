// The pipeline of a cluster as commands see it that take records in and wait for them: its stages run elsewhere.
import type { Log } from '#core/log/port.ts';
import type { Config } from './config.ts';
import { departmentNames } from './departments.ts';
import { configOf, logAt, openCluster } from './open-log.ts';
import type { LogPlace } from './options.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { underWay, type Standing } from './under-way.ts';

/** What commands need of a pipeline, wherever its stages run. */
export type AnyPipeline = Pick<
  Pipeline,
  'departments' | 'failed' | 'ready' | 'backlog' | 'close'
> & {
  readonly log: Log;
  /** Where the records stood that `backlog` told of last; absent where the stages run in this process. */
  readonly standing?: () => Standing | undefined;
};

/** The pipeline at `place`: of a data directory, with its stages in this process, or of a cluster. */
export async function openPipelineAt(
  place: LogPlace,
  config: Config = configOf(place),
): Promise<AnyPipeline> {
  const at = logAt(place, () => config);
  if (at.kind === 'embedded') return openPipeline(at.directory, config);
  const log = await openCluster(at.settings, config);
  let standing: Standing | undefined;
  return {
    log,
    departments: departmentNames(config.classify),
    failed: new Promise<never>(() => {}),
    ready: Promise.resolve(),
    // Others go on taking records in: what counts is what there was when it was first asked.
    backlog: underWay(log, (now) => (standing = now)),
    standing: () => standing,
    close: () => log.close(),
  };
}
