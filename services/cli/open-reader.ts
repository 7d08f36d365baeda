// Opens the log of a data directory for reading, whether or not another process writes to it.
import type { LogReader } from '#core/log/port.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';

/** Runs `use` on the log of `directory` and closes it. @throws SignpostError when there is none. */
export async function withReader<T>(
  directory: string,
  use: (log: LogReader) => Promise<T>,
): Promise<T> {
  const log = await openEmbeddedLogReader({ directory });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}
