// `signpost erase list`, `show` and `resume`: which erasures there are, how far they are, and one pass for those under way.
import { existsSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import { readAddress } from '#core/objects/open-store.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { readErasures, type Erasure } from '../../archive/erasures.ts';
import { archiveUrl, openArchive } from '../archive/open-archive.ts';
import type { ErasuresOptions } from '../commands/erase.ts';
import { count } from '../count.ts';
import { configOf, logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import { createProgress } from '../progress.ts';
import { tableLines } from '../table.ts';
import { timeOf } from '../tail/show-record.ts';
import { erasePass } from './erase-pass.ts';
import { heldOfErasure, heldVersions, versionsAt } from './held-versions.ts';
import { openPlaces } from './open-places.ts';
import { erasureAsJson, erasureLines, resumeNotes, stateOf } from './report.ts';
import { knownKeys } from './who.ts';

export async function listErasures(place: LogPlace, options: ErasuresOptions): Promise<void> {
  const erasures = await erasuresOf(place);
  const output = createOutput();
  if (options.json) {
    for (const erasure of erasures) await output.json(erasureAsJson(erasure));
    return;
  }
  if (erasures.length === 0) {
    await output.line('Nobody was erased yet: `signpost erase --customer -` does.');
    return;
  }
  const now = Date.now();
  const rows = erasures
    .toSorted((a, b) => Number(a.doneAt !== null) - Number(b.doneAt !== null))
    .map((erasure) => {
      const { id, requestedAt, deadlineAt, removed, topics } = erasure;
      return [
        id,
        stateOf(erasure, now),
        timeOf(requestedAt),
        timeOf(deadlineAt),
        count(Object.values(removed).reduce((sum, one) => sum + one, 0)),
        count(topics.reduce((sum, { records }) => sum + records, 0)),
      ];
    });
  const head = ['id', 'state', 'asked for', 'deadline', 'removed', 'on topics'];
  for (const line of tableLines(head, rows, output.styles.bold, ['state', 'asked for', 'deadline']))
    await output.line(line);
}

/** @throws SignpostError `unknown-erasure` */
export async function showErasure(
  place: LogPlace,
  id: string,
  options: ErasuresOptions,
): Promise<void> {
  const erasure = (await erasuresOf(place)).find((one) => one.id === id);
  if (erasure === undefined)
    throw new SignpostError('unknown-erasure', `There is no erasure ${id}`, {
      hint: '`signpost erase list` shows their ids.',
    });
  const config = configOf(place);
  const ask = versionsAt(
    logAt(place, () => config),
    config,
  );
  const versions = await heldVersions(ask, heldOfErasure(erasure));
  const output = createOutput();
  if (options.json) await output.json(erasureAsJson(erasure, versions));
  else
    for (const line of erasureLines(erasure, versions, [], output.styles)) await output.line(line);
}

export async function resumeErasures(place: LogPlace, options: ErasuresOptions): Promise<void> {
  const open = (await erasuresOf(place)).filter(({ doneAt }) => doneAt === null);
  const output = createOutput();
  if (open.length === 0) {
    if (!options.json) await output.line('No erasure is under way.');
    return;
  }
  const config = configOf(place);
  const at = logAt(place, () => config);
  const shutdown = listenForShutdown();
  const progress = createProgress(process.stderr, () => performance.now());
  try {
    const places = await openPlaces({
      at,
      config,
      keys: knownKeys(at, config),
      raw: () => undefined,
      mode: 'erase',
      signal: shutdown.signal,
    });
    try {
      const standing = await erasePass({
        ...places.parts,
        onProgress: (doing, share) => progress.update(share, doing),
      });
      progress.end();
      const isAlone = at.kind === 'embedded' && places.elsewhere === null;
      const ask = versionsAt(at, config, shutdown.signal);
      for (const erasure of standing) {
        const versions = await heldVersions(ask, heldOfErasure(erasure));
        const elsewhere = places.elsewhere === null ? [] : [places.elsewhere];
        const notes = isAlone ? resumeNotes(erasure) : elsewhere;
        if (options.json) await output.json(erasureAsJson(erasure, versions));
        else
          for (const line of [...erasureLines(erasure, versions, notes, output.styles), ''])
            await output.line(line);
      }
    } finally {
      await places.close();
    }
  } finally {
    progress.end();
    shutdown.dispose();
  }
}

/** None where there is no archive yet. */
async function erasuresOf(place: LogPlace): Promise<readonly Erasure[]> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  const address = readAddress(archiveUrl(at, config));
  if (address.kind === 'directory' && !existsSync(address.path)) return [];
  const objects = await openArchive(at, config, { access: 'read' });
  try {
    return await readErasures(objects);
  } finally {
    await objects.close();
  }
}
