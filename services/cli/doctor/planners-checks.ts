// What doctor finds of what planners ask for: whether there is a database, and how far it is behind.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { roughLag } from '#core/lag.ts';
import type { LogReader } from '#core/log/port.ts';
import { count } from '../count.ts';
import { groupsOf } from '../run/services.ts';
import { storeDirectory } from '../store-place.ts';
import { sizeOf } from '../topics.ts';
import type { Finding } from './checks.ts';

/** Of a data directory, whether or not somebody writes to it. */
export async function plannersOf(directory: string): Promise<Finding> {
  const store = storeDirectory(directory);
  if (!existsSync(join(store, 'made')))
    return { says: 'no database yet: `signpost up` makes it of what the log holds' };
  const size = sizeOf(bytesIn(store));
  let reader: LogReader;
  try {
    reader = await openEmbeddedLogReader({ directory });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'no-log') return { says: `${size}, without a log` };
    throw error;
  }
  try {
    return { says: `${size}; ${await howFar(reader, '`signpost up` reads on')}` };
  } finally {
    await reader.close();
  }
}

/** For example `1,204 insights wait to be counted: …`. @param otherwise what brings them on */
export async function howFar(log: LogReader, otherwise: string): Promise<string> {
  const waiting = await roughLag(log, groupsOf(['aggregate']));
  return waiting === 0
    ? 'all insights are counted'
    : `${count(waiting)} insights wait to be counted: ${otherwise}`;
}

function bytesIn(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    // PostgreSQL takes files away while they are counted.
    bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
