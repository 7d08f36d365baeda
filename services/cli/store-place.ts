// Where a process keeps what planners ask for: a folder of the data directory, or the database of a cluster.
import { join } from 'node:path';

/** The database of one machine (PGlite), beside its log. */
export function storeDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'store');
}
