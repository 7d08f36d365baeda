// `signpost reclassify`: past signals judged anew, and what that changed.
import { SignpostError } from '#core/errors.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import type { DepartmentsConfig } from '../../classify/departments.ts';
import { createJudge } from '../../classify/judge.ts';
import { subscribersByName } from '../../publish/route.ts';
import { insightsRevised } from '../../topology.ts';
import type { ReclassifyOptions } from '../commands/reclassify.ts';
import { count } from '../count.ts';
import { readDepartments } from '../departments.ts';
import { openModel, type RoutingJudge } from '../models/open-model.ts';
import { momentOf } from '../moment.ts';
import { configOf, logAt } from '../open-log.ts';
import { withReader } from '../open-reader.ts';
import { withWriter } from '../open-writer.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Styles } from '../output.ts';
import { createProgress } from '../progress.ts';
import { oneLine } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { reclassify, type Reclassification } from './reclassify.ts';

export async function reclassifyCommand(
  place: LogPlace,
  options: ReclassifyOptions,
): Promise<void> {
  const from = options.from === undefined ? -Infinity : momentOf('--from', options.from);
  const to = options.to === undefined ? Infinity : momentOf('--to', options.to);
  if (to < from) throw new SignpostError('wrong-time', '--to is before --from');
  const config = configOf(place);
  const departments = readDepartments(config.classify);
  const shutdown = listenForShutdown();
  const progress = createProgress(process.stderr, () => performance.now());
  const settings = {
    ...judgingBy(options.model ?? config.classify.model ?? 'shipped', departments),
    from,
    to,
    signal: shutdown.signal,
    onProgress: (read: number, all: number, revised: number): void =>
      progress.update(read / all, `${count(read)} read, ${count(revised)} revised`),
  };
  let result: Reclassification;
  try {
    // A dry run is a reader; and where there is no log, none is to be made.
    result = await withReader(place, (log) =>
      options.dryRun ? reclassify(log, settings) : Promise.resolve(nothing),
    );
    if (!options.dryRun)
      result = await withWriter(
        logAt(place, () => config),
        config,
        {
          topics: [insightsRevised.name],
          whenInUse: 'Stop it for as long as this takes; with --dry-run it may go on.',
        },
        (log) => reclassify(log, { ...settings, append: (records) => log.append(records) }),
      );
  } finally {
    progress.end();
    shutdown.dispose();
  }
  const output = createOutput();
  if (options.json) await output.json({ dryRun: options.dryRun === true, ...result });
  else
    for (const line of reportLines(result, options.dryRun === true, output.styles))
      await output.line(line);
}

const nothing: Reclassification = {
  model: '',
  read: 0,
  judged: 0,
  revised: 0,
  unchanged: 0,
  passedOver: 0,
  rerouted: 0,
  departments: {},
};

/** As the pipeline would judge: by the thresholds of the departments file. */
function judgingBy(name: string, departments: DepartmentsConfig): RoutingJudge {
  const { model } = openModel(name);
  return {
    judge: createJudge({ model, departments }),
    subscribers: subscribersByName(departments.departments),
  };
}

/** Lines for a person. */
export function reportLines(
  result: Reclassification,
  isDryRun: boolean,
  { bold, dim }: Styles,
): string[] {
  const { model, judged, revised, unchanged, passedOver, rerouted, departments } = result;
  if (judged === 0) return ['There was nothing to judge.'];
  const changed = Object.entries(departments).filter(([, { toYes, toNo }]) => toYes + toNo > 0);
  return [
    `${count(judged)} judged anew by ${oneLine(model)}`,
    `  ${count(revised)} ${isDryRun ? 'would be revised' : 'revised, on insights.revised.v1'}`,
    `  ${count(unchanged)} as they stand`,
    ...(passedOver > 0 ? [`  ${count(passedOver)} could not be read, or are too large`] : []),
    '',
    `${count(rerouted)} would go to other departments than as first judged`,
    ...(changed.length === 0
      ? []
      : tableLines(
          ['department', 'to yes', 'to no'],
          changed.map(([name, { toYes, toNo }]) => [oneLine(name), count(toYes), count(toNo)]),
          bold,
        )),
    ...(isDryRun || revised === 0 ? [] : ['', dim('Read them: signpost tail revised')]),
  ];
}
