// A data directory of customers who said things with canary words, some of whom are erased: all that `signpost up` runs, on
// topics whose retention is real and nearly over.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { insightsJudged, insightsShared } from '../../services/topology.ts';
import { toOutgoing } from '#core/topic.ts';
import { openObjectStore } from '#core/objects/open-store.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { Db } from '#core/store/postgres.ts';
import { datasets } from '../../services/archive/datasets.ts';
import { newErasure, registerErasure } from '../../services/archive/erasures.ts';
import { manifestDays, readManifest } from '../../services/archive/manifest.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { readFileRows } from '../../services/archive/read-file.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';
import { sync } from '../../services/cli/archive/sync.ts';
import { readConfig, type Config } from '../../services/cli/config.ts';
import { erasePass } from '../../services/cli/erase/erase-pass.ts';
import { createLetterJudge } from '../../services/cli/erase/letters.ts';
import { createPassMemory, type PassParts } from '../../services/cli/erase/pass-parts.ts';
import { embeddedLife } from '../../services/cli/erase/topic-lives.ts';
import { knownKeys, pseudonymsOf } from '../../services/cli/erase/who.ts';
import { openPipeline, type Pipeline } from '../../services/cli/pipeline.ts';
import { openPlanners, type Planners } from '../../services/cli/planners/open-planners.ts';
import { takeIn } from '../../services/gateway/sources/intake.ts';
import { topicsFor } from '../../services/topology.ts';
import { topicRetentions } from '#core/log/embedded/topic-retentions.ts';

const hourMs = 3_600_000;

export interface ErasureWorld {
  readonly directory: string;
  readonly pipeline: Pipeline;
  readonly planners: Planners;
  readonly objects: ObjectStore;
  /** Ids of those to be erased, as the sources have them. */
  readonly gone: readonly string[];
  /** When the last of what was said is past its retention, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Asks for all of them at once. */
  ask(deadlineAt: number): Promise<readonly string[]>;
  pass(): Promise<readonly { readonly doneAt: number | null }[]>;
  sync(): Promise<void>;
  close(): Promise<void>;
  remove(): void;
}

export interface WorldOptions {
  readonly customers: number;
  readonly erased: number;
  /** Until what was said is past its retention of an hour: to take it in, project and archive it. */
  readonly windowMs: number;
}

/** `quetzal` and letters that are this customer's alone. */
export function canaryOf(n: number): string {
  let letters = '';
  for (let left = n + 1; left > 0; left = Math.floor(left / 20))
    letters += 'bcdfghjklmnpqrstvwxz'[left % 20];
  return `quetzal${letters}`;
}

const signal = new AbortController().signal;

export async function createErasureWorld(options: WorldOptions): Promise<ErasureWorld> {
  const { customers, erased, windowMs } = options;
  const directory = mkdtempSync(join(tmpdir(), 'signpost-erasure-'));
  const config: Config = { ...readConfig(undefined), threads: 1, retention: { days: 1 / 24 } };
  const pipeline = await openPipeline(directory, config, { retentionIntervalMs: 1_000 });
  const planners = openPlanners(directory, config, pipeline.log, Promise.resolve());
  await Promise.race([planners.ready, planners.failed, pipeline.failed]);
  const objects = await openObjectStore(join(directory, 'archive'));
  const receivedAt = Date.now() - hourMs + windowMs;
  const gone = Array.from(
    { length: erased },
    (_, n) => `C-${Math.floor((n * customers) / erased)}`,
  );
  const isGone = new Set(gone);
  const takenIn = (kind: 'tickets' | 'posts' | 'surveys', input: object) => {
    const taken = takeIn(kind, input, { source: 'desk', receivedAt });
    if (!taken.ok) throw new Error(`${taken.field} ${taken.detail}`);
    return taken.outgoing;
  };
  const outgoing = Array.from({ length: customers }, (_, n) => {
    const customerId = `C-${n}`;
    const word = isGone.has(customerId) ? canaryOf(n) : 'sparrow';
    const occurredAt = new Date(receivedAt - 60_000).toISOString();
    const place = { area: `area-${n % 7}` };
    const ticket = {
      id: `T-${n}`,
      occurredAt,
      customerId,
      place,
      name: `outage ${word} since the storm`,
    };
    return [
      takenIn('tickets', {
        ...ticket,
        version: '1',
        status: 'acknowledged',
        description: `no signal, ${word}`,
      }),
      // Names nobody: what is known of the ticket does.
      takenIn('tickets', {
        id: `T-${n}`,
        version: '2',
        occurredAt,
        status: 'inProgress',
        notes: [{ text: `${word} still` }],
      }),
      takenIn(n % 2 === 0 ? 'posts' : 'surveys', {
        id: `P-${n}`,
        occurredAt,
        place,
        ...(n % 2 === 0
          ? { authorId: customerId, text: `my internet is slow, ${word}` }
          : {
              customerId,
              scale: 'nps',
              score: 2,
              question: 'Why?',
              verbatim: `too expensive ${word}`,
            }),
      }),
      // The same version with other content is a dead letter, raw words and all.
      ...(n % 10 === 0
        ? [takenIn('tickets', { ...ticket, version: '1', description: `another ${word}` })]
        : []),
    ];
  }).flat();
  for (let at = 0; at < outgoing.length; at += 2000)
    await pipeline.log.append(outgoing.slice(at, at + 2000));
  while ((await pipeline.backlog()) > 0) await pause(50);
  await judge(pipeline, receivedAt);
  await until(async () => (await readBy(planners.db, 'aggregate')) === (await ends(pipeline)));
  await until(async () => (await readBy(planners.db, 'alert')) === (await ends(pipeline)));
  const archive = async (): Promise<void> => {
    await sync(pipeline.log, objects, config, { signal, onProgress: () => {} });
  };
  await archive();
  const keys = knownKeys({ kind: 'embedded', directory }, config, {})!;
  const retentions = topicRetentions(directory);
  const parts: PassParts = {
    objects,
    format: parquetFiles,
    db: planners.db,
    isOwnDb: true,
    log: {
      log: pipeline.log,
      topics: topicsFor(pipeline.departments, config.retention),
      // Its retention looks every second.
      lives: (topic) => ({ ...embeddedLife(retentions.get(topic)), delayMs: 2_000 }),
      waitsForGroups: true,
    },
    entities: pipeline.log,
    forget: () => pipeline.log.forget(),
    judgeOf: (all) => createLetterJudge(keys, all),
    now: Date.now,
    graceMs: 60_000,
    memory: createPassMemory(),
  };
  return {
    directory,
    pipeline,
    planners,
    objects,
    gone,
    expiresAt: receivedAt + hourMs,
    async ask(deadlineAt) {
      const now = Date.now();
      const ids: string[] = [];
      for (const id of gone) {
        const erasure = newErasure(pseudonymsOf(id, keys), { now, deadlineMs: deadlineAt - now });
        await registerErasure(objects, erasure);
        ids.push(erasure.id);
      }
      return ids;
    },
    pass: () => erasePass(parts),
    sync: archive,
    async close() {
      await planners.close();
      await pipeline.close();
      await objects.close();
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Readers say something of the first insights, in their own words and the customers'. */
async function judge({ log }: Pipeline, timestamp: number): Promise<void> {
  const judgements = [];
  for (const partition of [0, 1, 2, 3])
    for (const { value } of (await log.read(insightsShared.name, partition, 0)).records) {
      const { id, signal: said, model } = insightsShared.codec.decode(value!);
      judgements.push({
        id: `j-${id}`,
        insightId: id,
        department: 'operations',
        verdict: 'wrong' as const,
        theme: null,
        comment: `says ${said.text ?? ''}`,
        judgedBy: 'reader',
        judgedAt: timestamp,
        model,
      });
    }
  await log.append(judgements.map((one) => toOutgoing(insightsJudged, one, { timestamp })));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}

async function ends({ log }: Pipeline): Promise<number> {
  const topic = (await log.topics()).find(({ name }) => name === insightsShared.name);
  return topic!.partitions.reduce((sum, { end }) => sum + end, 0);
}

async function readBy(db: Db, stage: string): Promise<number> {
  const { rows } = await sql<{ read: number }>`
    SELECT COALESCE(sum(next_offset), 0)::int AS read FROM signpost.projections
    WHERE stage = ${stage} AND topic = ${insightsShared.name}`.execute(db.query);
  return rows[0]!.read;
}

/** What planners count, in all the ways that a customer or a word could change. */
export async function aggregatesOf(db: Db): Promise<unknown> {
  const { rows } = await sql`
    SELECT p.area, l.name AS theme, s.kind, count(*) AS facts, count(DISTINCT s.customer) AS customers, sum(s.sentiment) AS s,
      count(*) FILTER (WHERE s.is_open) AS open, avg(s.score) AS score, sum(s.departments) AS departments
    FROM signpost.signals s JOIN signpost.places p ON p.id = s.place JOIN signpost.labels l ON l.id = s.theme
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`.execute(db.query);
  const { rows: sightings } = await sql`
    SELECT count(*), count(DISTINCT customer) AS customers FROM signpost.sightings`.execute(
    db.query,
  );
  return { rows, sightings };
}

/** Rows of the store that are not of those, as they are but for when they were written. */
export async function othersInStore(db: Db): Promise<readonly unknown[]> {
  const { rows } = await sql`
    SELECT s.entity, s.id, s.customer, s.at, s.theme, s.turns, w.text, w.relevances FROM signpost.signals s
    JOIN signpost.words w USING (entity) WHERE w.text NOT LIKE '%quetzal%' ORDER BY 1`.execute(
    db.query,
  );
  return rows;
}

/** All rows of the archive, as manifests name them. */
export async function archived(objects: ObjectStore): Promise<readonly ArchivedRow<unknown>[]> {
  const all: ArchivedRow<unknown>[] = [];
  for (const dataset of datasets)
    for await (const day of manifestDays(objects, dataset))
      for (const file of (await readManifest(objects, dataset, day)).manifest.files)
        for await (const rows of readFileRows(
          { store: objects, format: parquetFiles },
          dataset,
          file,
        ))
          all.push(...rows);
  return all;
}

/** A row in text, with what its bytes say. */
export const plain = (row: ArchivedRow<unknown>): string =>
  JSON.stringify(row, (_, value: unknown) =>
    value !== null && typeof value === 'object' && 'type' in value && value.type === 'Buffer'
      ? Buffer.from((value as unknown as { data: number[] }).data).toString()
      : value instanceof Uint8Array
        ? Buffer.from(value).toString()
        : value,
  );

/** Where these words are: files by their raw bytes, Parquet files by the rows in them, whether they count or not. */
export async function placesOf(directory: string, text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of readdirSync(directory, { recursive: true }).map(String)) {
    const path = join(directory, name);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    if (bytes.includes(text)) found.push(name);
    else if (name.endsWith('.parquet')) {
      const dataset = datasets.find((one) => name.startsWith(join('archive', one.name, '/')));
      if (dataset === undefined) throw new Error(`${name} is of no dataset`);
      for await (const rows of parquetFiles.read(dataset, bytes))
        if (rows.some((row) => plain(row).includes(text))) {
          found.push(name);
          break;
        }
    }
  }
  return found;
}
