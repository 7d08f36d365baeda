// For commands that look after an archive: there must be one.
import { SignpostError } from '#core/errors.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';
import { isThere } from './list.ts';
import { archiveUrl } from './open-archive.ts';

/** @throws SignpostError `archive-empty` for a directory that is not there */
export async function requireArchive(at: LogAt, config: Pick<Config, 'archive'>): Promise<void> {
  const url = archiveUrl(at, config);
  if (await isThere(url)) return;
  throw new SignpostError('archive-empty', `Nothing is archived in ${url} yet`, {
    hint: '`signpost archive sync` archives what is on the topics; `signpost up` does by itself.',
  });
}
