// Where the archive of a log is, and how commands and services open it.
import { join } from 'node:path';
import { SignpostError } from '#core/errors.ts';
import { openObjectStore } from '#core/objects/open-store.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';

/** @throws SignpostError `config-invalid` where a cluster's is not named */
export function archiveUrl(at: LogAt, { archive }: Pick<Config, 'archive'>): string {
  if (archive.url !== undefined) return archive.url;
  if (at.kind === 'embedded') return join(at.directory, 'archive');
  throw new SignpostError('config-invalid', 'The archive of a cluster has no place', {
    hint: 'Name it by SIGNPOST_ARCHIVE_URL or archive.url: s3://bucket/prefix, or a directory where all that read and write it run on this host.',
  });
}

export interface OpenArchiveOptions {
  /** `read` writes nothing, and makes no directory. */
  readonly access?: 'read' | 'write';
  /** Ends all calls with its reason. */
  readonly signal?: AbortSignal;
}

/** @throws SignpostError as `archiveUrl` and `openObjectStore` do */
export function openArchive(
  at: LogAt,
  config: Pick<Config, 'archive'>,
  options: OpenArchiveOptions = {},
): Promise<ObjectStore> {
  return openObjectStore(archiveUrl(at, config), { s3: config.archive.s3, ...options });
}
