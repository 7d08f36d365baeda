// Names in a silence that nobody ever said: it would keep nothing from being told, without a word.
import { sql } from 'kysely';
import { nearest } from '#core/nearest.ts';
import type { StoredPath } from '#core/store/alert-tables.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Notice } from '../api/answers.ts';
import { invalidParameter } from '../http/question.ts';
import { keyAt } from '../queries/place-keys.ts';
import type { NewSilence } from './actions.ts';

/** Of the shipped model: silences may come before the first of what they are about. Those of other models are once said. */
const shippedThemes =
  'billing-error outage unstable-service slow-speed data-cap coverage offer-or-contract ' +
  'product-wish call-or-message privacy-or-fraud tv-service general-fault equipment ' +
  'installation-or-technician contact-experience price cancellation brand-feeling account-access app-or-website none';
const placeLevels = ['country', 'region', 'city', 'area', 'postcode', 'site'] as const;

/**
 * A theme is refused, since models name them all; a place is told of, since planned work may be where nobody lives yet.
 * Names are compared in any case, as silences are. Nothing is told of a store that is new.
 * @throws Problem 400 `invalid-parameter`
 */
export async function checkNames(
  db: Db,
  { place, themes }: Pick<NewSilence, 'place' | 'themes'>,
): Promise<Notice[]> {
  if (themes !== null) await checkThemes(db, themes);
  if (place === null || (await isKnown(db, place))) return [];
  const { level, path } = place;
  const value = keyAt(level, path) ?? path[level] ?? '';
  const meant = await nearestPlace(db, place);
  const perhaps = meant === null ? '' : `; perhaps ${meant} is meant`;
  const message = `Nothing was ever said at ${value}, so that this silences nothing yet${perhaps}.`;
  return [{ field: 'place', value, nearest: meant, message }];
}

async function checkThemes({ query }: Db, themes: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM signpost.labels WHERE kind = 'theme' ORDER BY name`.execute(query);
  if (rows.length === 0) return;
  const known = [...new Set([...rows.map(({ name }) => name), ...shippedThemes.split(' ')])];
  const names = new Set(known.map((name) => name.toLowerCase()));
  const unknown = themes.find((theme) => !names.has(theme.toLowerCase()));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const perhaps =
    meant === undefined ? `they are ${known.join(', ')}` : `perhaps ${meant} is meant`;
  throw invalidParameter('themes', `must be themes that there are, not ${unknown}; ${perhaps}`);
}

type Named = NonNullable<NewSilence['place']>;

/** In the gazetteer or of anything that was said; also where nothing was said yet, and nothing is known to be wrong. */
async function isKnown({ query }: Db, { path }: Named): Promise<boolean> {
  const within = (levels: readonly (keyof StoredPath)[]) =>
    sql.join(
      levels.map((level) =>
        path[level] === null
          ? sql`true`
          : sql`lower(${sql.ref(level)}) = lower(${path[level]}::text)`,
      ),
      sql` AND `,
    );
  const { rows } = await sql<{ is_known: boolean }>`
    SELECT NOT EXISTS (SELECT FROM signpost.places)
      OR EXISTS (SELECT FROM signpost.places WHERE ${within(placeLevels)})
      OR (${path.site === null} AND EXISTS (
        SELECT FROM signpost.gazetteer WHERE ${within(placeLevels.filter((level) => level !== 'site'))}
      )) AS is_known`.execute(query);
  return rows[0]!.is_known;
}

/** Names that one is compared with. */
const mostCompared = 10_000;

/** Its key; the place among those of its level whose own name is the nearest, wherever it is. */
async function nearestPlace({ query }: Db, { level, path }: Named): Promise<string | null> {
  const name = path[level];
  if (name === null) return null;
  const { rows } = await sql<StoredPath>`
    SELECT DISTINCT ON (lower(${sql.ref(level)})) country, region, city, area, postcode, site
    FROM signpost.places
    WHERE length(${sql.ref(level)}) BETWEEN ${Math.floor((name.length * 2) / 3) - 1} AND ${Math.ceil((name.length * 4) / 3) + 1}
    ORDER BY lower(${sql.ref(level)}),
      lower(region) IS NOT DISTINCT FROM lower(${path.region}::text) DESC,
      lower(country) IS NOT DISTINCT FROM lower(${path.country}::text) DESC
    LIMIT ${mostCompared}`.execute(query);
  const meant = nearest(
    name,
    rows.map((row) => row[level]!),
  );
  const row = rows.find((each) => each[level] === meant);
  return row === undefined ? null : keyAt(level, row);
}
