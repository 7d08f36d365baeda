// Runs a command on the log it is to read and closes the log whatever happens.
import type { LogReader } from '#core/log/port.ts';
import { logAt, openReader, requireTopics } from './open-log.ts';
import type { LogPlace } from './options.ts';

/**
 * Runs `use` on the log at `place` and closes it.
 * @throws SignpostError when there is none, or a cluster without Signpost's topics.
 */
export async function withReader<T>(
  place: LogPlace,
  use: (log: LogReader) => Promise<T>,
): Promise<T> {
  const log = await openReader(place);
  try {
    await requireTopics(log, logAt(place));
    return await use(log);
  } finally {
    await log.close();
  }
}
