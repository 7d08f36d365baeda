// What department streams hold, in a form that two logs can be compared by.
import type { LogReader } from '#core/log/port.ts';
import { insightCodec } from '#schemas/insight.ts';
import { readRange } from '../../services/cli/read-range.ts';
import { insightsJudged } from '../../services/topology.ts';

/** Per stream every insight by its id: what was said and how it was judged, as JSON. */
export type Streams = Readonly<Record<string, ReadonlyMap<string, string>>>;

/**
 * Reads all insight topics to their ends. When something was received differs from import to import, and is left out.
 * @throws Error when a stream holds an id twice
 */
export async function readStreams(log: LogReader): Promise<Streams> {
  const streams: Record<string, ReadonlyMap<string, string>> = {};
  for (const { name, partitions } of await log.topics()) {
    if (!name.startsWith('insights.') || name === insightsJudged.name) continue;
    const insights = new Map<string, string>();
    for (const { partition, start, end } of partitions) {
      for await (const records of readRange(log, name, partition, start, end)) {
        for (const { value } of records) {
          const insight = insightCodec.decode(value!);
          const { receivedAt: _receivedAt, ...said } = insight.signal;
          if (insights.has(insight.id)) throw new Error(`${name} holds ${insight.id} twice`);
          insights.set(insight.id, JSON.stringify({ ...insight, signal: said }));
        }
      }
    }
    streams[name] = insights;
  }
  return streams;
}
