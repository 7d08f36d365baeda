// What a replay did, or would do, in lines for a person.
import { count } from '../../count.ts';
import type { Styles } from '../../output.ts';
import { oneLine } from '../../safe-text.ts';
import { tableLines } from '../../table.ts';
import type { FreshTopic } from './fresh-topic.ts';
import type { Span } from './plan.ts';
import type { Rebuilt } from './rebuild.ts';
import type { Restored } from './restore.ts';

interface Asked {
  readonly dryRun: boolean;
  readonly span: Span;
  /** Version of the model that judged anew. */
  readonly model: string | null;
  /** Rows of the archive to be read. */
  readonly rows: number;
}

export interface ReplayedTables extends Asked {
  readonly into: 'aggregates' | 'alerts';
  /** Event days that are read. */
  readonly days: number;
  readonly firstDay: string;
  readonly lastDay: string;
  /** Facts or sightings there were before; null where the database could not be looked into. */
  readonly live: number | null;
  /** Null in a dry run. */
  readonly done: Rebuilt | null;
}

export interface ReplayedInsights extends Asked {
  readonly into: 'insights';
  /** Topics that were lost came back; or else the insights are on a topic of their own. */
  readonly way: 'restored' | 'beside';
  readonly restored: readonly Restored[];
  readonly fresh: FreshTopic | null;
}

export type Replayed = ReplayedTables | ReplayedInsights;

export function reportLines(replayed: Replayed, styles: Styles): string[] {
  return replayed.into === 'insights'
    ? insightsLines(replayed, styles)
    : tablesLines(replayed, styles);
}

const things = { aggregates: 'tickets, posts and answers', alerts: 'sightings' };

function tablesLines(
  { into, rows, days, firstDay, lastDay, live, done, model }: ReplayedTables,
  { green, dim }: Styles,
): string[] {
  const span = firstDay === lastDay ? firstDay : `${firstDay} to ${lastDay}`;
  const read = `${count(rows)} rows of ${count(days)} ${days === 1 ? 'day' : 'days'} (${span})`;
  const before =
    live === null ? [] : [dim(`  The live tables have ${count(live)} ${things[into]}.`)];
  const { finished = null } = done ?? {};
  const when = finished === null ? '' : new Date(finished).toISOString();
  if (done?.isResumed === true && finished !== null)
    return [
      green(`✓ ${into} were rebuilt by an earlier run, and are in place since ${when}.`),
      '  It had been cut off before it dropped the tables that they replaced: these are dropped now.',
      dim(
        '  Nothing was read again: that is little ago, or the archive has no more than it had then.',
      ),
    ];
  if (done === null) return [`Would rebuild ${into} from ${read}.`, ...before];
  return [
    green(`✓ ${into} are rebuilt from ${read}, and in place.`),
    ...(finished === null
      ? []
      : [dim(`  What an earlier run, in place since ${when}, had left behind was dropped first.`)]),
    ...(done.isResumed ? [dim('  It went on from where an earlier run was cut off.')] : []),
    ...(done.fromTopics > 0
      ? [
          dim(
            `  ${count(done.fromTopics)} records that are not archived yet were read from their topics.`,
          ),
        ]
      : []),
    ...(model === null
      ? []
      : [
          `  ${oneLine(model)} judged them. What comes is judged by the model that runs: classify.model says which.`,
        ]),
  ];
}

function insightsLines(
  { way, restored, fresh, dryRun, model }: ReplayedInsights,
  { green, bold, dim }: Styles,
): string[] {
  if (way === 'beside' && fresh !== null) {
    const { topic, records, erased, passedOver } = fresh;
    return [
      dryRun
        ? `Would write ${count(records)} insights to ${topic}.`
        : green(`✓ ${topic} is complete: ${count(records)} insights written.`),
      ...(model === null ? [] : [`  Judged by ${oneLine(model)}.`]),
      ...(erased > 0
        ? [dim(`  ${count(erased)} as they were judged: their words are erased.`)]
        : []),
      ...(passedOver > 0 ? [dim(`  ${count(passedOver)} are too large for the log.`)] : []),
      ...(fresh.isResumed ? [dim('  It went on from where an earlier run was cut off.')] : []),
    ];
  }
  return [
    dryRun
      ? 'Topics were lost. Would bring back:'
      : green('✓ Topics that were lost are back from the archive:'),
    ...tableLines(
      ['topic', 'records', 'there already', 'too old'],
      restored.map(({ topic, records, there, expired }) => [
        topic,
        count(records),
        count(there),
        count(expired),
      ]),
      bold,
    ),
    bold(
      '  What senders sent before is not known any more: imported or sent again, it is there twice.',
    ),
    '  Import only files from after the last archived day, which `signpost archive list` tells. What is sent again also',
    '  brings back the words of people who were erased: ask for their erasure anew (`signpost erase list` names them).',
    dim(
      '  What is older than a topic keeps is in the archive alone; signals come back as their insights.',
    ),
    ...(dryRun
      ? []
      : [dim('  Then: signpost archive replay --into aggregates, and --into alerts.')]),
  ];
}
