// Judgements as they lie on their topic, in order of time; of one insight in the order of the log.
import type { Judgement } from '#schemas/judgement.ts';
import type { LogReader } from '#core/log/port.ts';
import { insightsJudged } from '../../topology.ts';
import { readMerged } from '../tail/read-merged.ts';

/**
 * As far as there were any when this began; none on a log of a release that did not know them.
 * @param onUnreadable called for each record that cannot be decoded
 */
export async function* readJudgements(
  log: LogReader,
  onUnreadable: () => void = () => {},
): AsyncGenerator<Judgement> {
  const topic = (await log.topics()).find(({ name }) => name === insightsJudged.name);
  if (topic === undefined) return;
  for await (const { value } of readMerged(log, topic.name, topic.partitions)) {
    if (value === null) continue;
    let judgement: Judgement;
    try {
      judgement = insightsJudged.codec.decode(value);
    } catch {
      onUnreadable();
      continue;
    }
    yield judgement;
  }
}
