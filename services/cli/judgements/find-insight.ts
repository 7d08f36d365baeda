// One insight by its id, read from the log as it lies there: ids have no index, so all of the topic is looked through.
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import type { LogReader } from '#core/log/port.ts';
import { insightsShared } from '../../topology.ts';
import { nearest } from '#core/nearest.ts';
import { readRange } from '../read-range.ts';

/** The newest ids that a mistyped one is compared with. */
const mostCompared = 20_000;

/** The insight; of several with this id, as a later model makes them, the last. @throws SignpostError `unknown-insight`. */
export async function findInsight(log: LogReader, id: string): Promise<Insight> {
  const { name } = insightsShared;
  const partitions = (await log.topics()).find((topic) => topic.name === name)?.partitions ?? [];
  let found: Uint8Array | undefined;
  let others: string[] = [];
  for (const { partition, start, end } of partitions) {
    for await (const records of readRange(log, name, partition, start, end)) {
      for (const { headers, value } of records) {
        const known = headers['ce_id'] ?? '';
        if (known !== id) others.push(known);
        else if (value !== null) found = value;
      }
      if (others.length > 2 * mostCompared) others = others.slice(-mostCompared);
    }
  }
  if (found !== undefined) return insightsShared.codec.decode(found);
  const meant = nearest(id, others.slice(-mostCompared));
  throw new SignpostError(
    'unknown-insight',
    `There is no insight ${id} on ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    {
      hint: '`signpost tail DEPARTMENT` shows the ids of insights. They are kept 30 days at most.',
    },
  );
}
