// `signpost erase --customer …`: looks where a person's words are, writes down that they are to go, and makes the first pass.
import { SignpostError } from '#core/errors.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { newErasure, registerErasure, type Erasure } from '../../archive/erasures.ts';
import type { EraseOptions } from '../commands/erase.ts';
import { configOf, logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import { createProgress } from '../progress.ts';
import { erasePass } from './erase-pass.ts';
import { heldOfErasure, heldOfSight, heldVersions, versionsAt } from './held-versions.ts';
import { lookFor, type Sight } from './look-for.ts';
import { openPlaces, type OpenNeeds, type Places } from './open-places.ts';
import { erasureAsJson, erasureLines, resumeNotes, sightLines, total } from './report.ts';
import { customerOf, knownKeys } from './who.ts';

const dayMs = 86_400_000;

export async function eraseCustomer(place: LogPlace, options: EraseOptions): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  const keys = knownKeys(at, config);
  const { pseudonyms, rawId } = customerOf(await nameOf(options.customer ?? ''), keys);
  const shutdown = listenForShutdown();
  const progress = createProgress(process.stderr, () => performance.now());
  const draft = newErasure(pseudonyms, { now: Date.now(), deadlineMs: options.deadline * dayMs });
  let current = draft;
  const needs: OpenNeeds = {
    at,
    config,
    keys,
    raw: () =>
      rawId === undefined
        ? undefined
        : { id: rawId, taken: { erasure: current, token: current.subjects[0]!.token } },
    mode: options.dryRun ? 'look' : 'erase',
    signal: shutdown.signal,
  };
  const output = createOutput();
  const onProgress = (doing: string, share: number): void => progress.update(share, doing);
  try {
    const places = await openPlaces(needs);
    try {
      const sight = await lookFor({ ...places.parts, onProgress }, draft);
      shutdown.signal.throwIfAborted();
      const outcome = options.dryRun
        ? ({ kind: 'looked', sight } as const)
        : await erase(places, draft, sight, {
            isForced: options.force === true,
            onProgress,
            onBegun: (erasure) => (current = erasure),
          });
      const ask = versionsAt(at, config, shutdown.signal);
      const versions = await heldVersions(
        ask,
        outcome.kind === 'erased'
          ? heldOfErasure(outcome.erasure)
          : heldOfSight(sight, draft, config.archive.graceMs),
      );
      progress.end();
      const notes = notesOf(places, keys === undefined, rawId === undefined);
      if (outcome.kind === 'erased') {
        const { erasure, isNew } = outcome;
        if (!isNew)
          notes.unshift(`This customer is being erased already: it goes on with ${erasure.id}.`);
        if (at.kind === 'embedded' && places.elsewhere === null)
          notes.push(...resumeNotes(erasure));
        if (options.json) await output.json({ ...erasureAsJson(erasure, versions), notes });
        else
          for (const line of erasureLines(erasure, versions, notes, output.styles))
            await output.line(line);
      } else {
        const { counts, topics, underWay } = sight;
        const json = {
          dryRun: options.dryRun === true,
          found: counts,
          topics,
          underWay: underWay && {
            id: underWay.erasure.id,
            found: underWay.counts,
            topics: underWay.topics,
          },
          oldVersions: versions,
          notes,
        };
        if (options.json) await output.json(json);
        else
          for (const line of sightLines(sight, draft, versions, notes, output.styles))
            await output.line(line);
      }
    } finally {
      await places.close();
    }
  } catch (error) {
    if (!shutdown.signal.aborted) throw error;
    throw new SignpostError('interrupted', 'Cut off before the end', {
      cause: error,
      hint: '`signpost erase list` says what is under way; `signpost erase resume` goes on.',
    });
  } finally {
    progress.end();
    shutdown.dispose();
  }
}

type Outcome =
  | {
      readonly kind: 'erased';
      readonly erasure: Erasure;
      /** False where one that was under way takes all that there is. */
      readonly isNew: boolean;
    }
  /** Nothing was found, and nothing written down. */
  | { readonly kind: 'nothing' };

interface EraseHooks {
  readonly isForced: boolean;
  readonly onProgress: (doing: string, share: number) => void;
  readonly onBegun: (erasure: Erasure) => void;
}

async function erase(
  { parts }: Places,
  draft: Erasure,
  sight: Sight,
  { isForced, onProgress, onBegun }: EraseHooks,
): Promise<Outcome> {
  const before = sight.underWay?.erasure;
  const isNew = total(sight) > 0 || (isForced && before === undefined);
  if (!isNew && before === undefined) return { kind: 'nothing' };
  const begun = isNew ? draft : before!;
  onBegun(begun);
  if (isNew) await registerErasure(parts.objects, draft);
  const standing = await erasePass({ ...parts, onProgress });
  const erasure = standing.find(({ id }) => id === begun.id) ?? begun;
  return { kind: 'erased', erasure, isNew };
}

function notesOf({ elsewhere, parts }: Places, lacksKeys: boolean, isPseudonym: boolean): string[] {
  const notes: string[] = [];
  if (elsewhere !== null && parts.entities === undefined)
    notes.push(
      `${elsewhere}: what only it can erase, the database and the updates of tickets, it erases within minutes. ` +
        '`signpost erase show` tells.',
    );
  if (parts.db === undefined)
    notes.push('There is no planners’ database here, or none is configured (DATABASE_URL).');
  if (lacksKeys)
    notes.push(
      'Without the pseudonym keys intake topics and dead letters were not looked into: they are gone with their time.',
    );
  else if (isPseudonym)
    notes.push(
      'Where the keys have changed, the customer has other pseudonyms too: the id as the sources have it finds all of them.',
    );
  return notes;
}

const mostCharacters = 1000;

/** @throws SignpostError `no-customer` */
async function nameOf(given: string): Promise<string> {
  if (given !== '-') return given;
  if (process.stdin.isTTY)
    process.stderr.write('The customer, a pseudonym or an id, and Enter (it is not kept): ');
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.includes('\n') || text.length > mostCharacters) break;
  }
  process.stdin.destroy();
  const [line = ''] = text.split(/\r?\n/);
  return line;
}
