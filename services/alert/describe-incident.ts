// What the store knows around an incident: how many could be affected, what those concerned wrote, what was planned.
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { StoredPlanned } from '#core/store/alert-tables.ts';
import type { Tables } from '#core/store/tables.ts';
import type { Incident } from './detect/detection.ts';
import { affectedOf, userMinutesOf, type ReportingShare } from './lifecycle/estimates.ts';
import type { Described } from './lifecycle/record.ts';
import { isOnBranch } from './lifecycle/silences.ts';
import { risenWords, type SaidText } from './lifecycle/words.ts';
import { placeLevels, type PlaceLevel, type SightingPlace } from './sighting.ts';
import type { StoredSilence } from './silence-rows.ts';

type Tx = Transaction<Tables>;

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** Planned so many days before or after it began. */
const plannedWithinDays = 3;
const mostPlanned = 10;
/** The newest; more would not tell other words. */
const mostTexts = { now: 2000, before: 4000 };

/**
 * @param at the moment it is described as of, milliseconds since the epoch
 * @param known what was found of words and planned work before, to be kept; undefined to look
 */
export async function describeIncident(
  tx: Tx,
  incident: Incident,
  at: number,
  {
    share,
    silences,
    known,
  }: {
    readonly share: ReportingShare;
    readonly silences: readonly StoredSilence[];
    readonly known: Pick<Described, 'words' | 'planned'> | undefined;
  },
): Promise<Described> {
  const { scope, startedAt, resolvedAt } = incident;
  const affected = affectedOf(incident.excess, share, await subscribersAt(tx, scope.path));
  return {
    incident,
    affected,
    userMinutes: userMinutesOf(affected, startedAt, resolvedAt ?? at),
    words: known?.words ?? (await wordsOf(tx, incident, at)),
    planned: known?.planned ?? (await plannedAt(tx, incident, at, silences)),
  };
}

/** The gazetteer knows nothing of sites: then those of the place around it are the most there can be. */
const gazetteerLevels = placeLevels.filter(
  (level): level is Exclude<PlaceLevel, 'site'> => level !== 'site',
);

function matches(
  table: string,
  levels: readonly PlaceLevel[],
  path: SightingPlace,
): RawBuilder<unknown> {
  const conditions = levels.flatMap((level) => {
    const name = path[level];
    return name === null ? [] : [sql`${sql.ref(`${table}.${level}`)} = ${name}`];
  });
  return conditions.length === 0 ? sql`TRUE` : sql.join(conditions, sql` AND `);
}

async function subscribersAt(tx: Tx, path: SightingPlace): Promise<number | null> {
  const { rows } = await sql<{ subscribers: number | null }>`
    SELECT sum(g.subscribers) AS subscribers FROM signpost.gazetteer g
    WHERE ${matches('g', gazetteerLevels, path)}`.execute(tx);
  return rows[0]?.subscribers ?? null;
}

async function wordsOf(tx: Tx, incident: Incident, at: number): Promise<readonly string[]> {
  const { themes, product, scope, startedAt, resolvedAt } = incident;
  const about = sql`theme.name = ANY (${[...themes]}::text[])
    AND ${product === null ? sql`TRUE` : sql`product.name = ${product}`}`;
  const said = async (
    from: number,
    to: number,
    where: RawBuilder<unknown>,
    most: number,
  ): Promise<readonly SaidText[]> => {
    const { rows } = await sql<SaidText>`
      SELECT w.text, s.customer FROM signpost.sightings s
      JOIN signpost.words w ON w.entity = s.entity
      JOIN signpost.places p ON p.id = s.place
      JOIN signpost.labels theme ON theme.id = s.theme
      LEFT JOIN signpost.labels product ON product.id = s.product
      WHERE s.at >= ${new Date(from)} AND s.at < ${new Date(to)} AND ${about} AND ${where}
      ORDER BY s.at DESC, s.id LIMIT ${most}`.execute(tx);
    return rows;
  };
  const until = resolvedAt ?? at;
  const now = await said(startedAt, until, matches('p', placeLevels, scope.path), mostTexts.now);
  if (now.length === 0) return [];
  return risenWords(now, await said(startedAt - weekMs, startedAt, sql`TRUE`, mostTexts.before));
}

async function plannedAt(
  tx: Tx,
  { scope, startedAt }: Incident,
  at: number,
  silences: readonly StoredSilence[],
): Promise<readonly StoredPlanned[]> {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const { path } = scope;
  const isHere =
    path.area !== null
      ? sql`w.area = ${path.area}`
      : scope.level === 'everywhere'
        ? sql`TRUE`
        : sql`EXISTS (SELECT FROM signpost.gazetteer g WHERE g.area = w.area
            AND ${matches('g', gazetteerLevels, path)})`;
  const { rows } = await sql<{ wave: string; area: string; technology: string; day: string }>`
    SELECT w.wave, w.area, w.technology, w.planned_on::text AS day FROM signpost.waves w
    WHERE w.planned_on BETWEEN ${day(startedAt - plannedWithinDays * dayMs)}::date
      AND ${day(startedAt + plannedWithinDays * dayMs)}::date AND ${isHere}
    ORDER BY abs(w.planned_on - ${day(startedAt)}::date), w.wave, w.area, w.technology
    LIMIT ${mostPlanned}`.execute(tx);
  const windows = silences
    .filter(
      ({ kind, from, until, path: where }) =>
        kind === 'maintenance' &&
        from <= at &&
        until > startedAt &&
        (where === null || isOnBranch(where, path)),
    )
    .slice(0, mostPlanned);
  return [
    ...rows.map((row): StoredPlanned => {
      const { wave, area, technology } = row;
      return { kind: 'wave', wave, area, technology, plannedOn: row.day };
    }),
    ...windows.map(({ id, comment, from, until }): StoredPlanned => ({
      kind: 'maintenance',
      silence: id,
      comment,
      from,
      until,
    })),
  ];
}
