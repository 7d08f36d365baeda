// A silence as it is asked for over HTTP, made whole: what it covers, from when, until when.
import { invalidParameter } from '../http/question.ts';
import type { NewSilence } from './actions.ts';
import { pathOfKey } from './alert-rows.ts';
import type { AlertAnswer } from './answers.ts';
import { longestSilenceDays, type SilenceBody } from './questions.ts';

const dayMs = 86_400_000;

/**
 * @param now milliseconds since the epoch
 * @param alertOf an alert that the reader may see; null for none
 * @throws Problem 400 `invalid-parameter`
 */
export async function readSilence(
  body: SilenceBody,
  now: number,
  alertOf: (id: string) => Promise<AlertAnswer | null>,
): Promise<Omit<NewSilence, 'by'>> {
  const from = body.from?.getTime() ?? now;
  const until = body.until?.getTime() ?? from + (body.minutes ?? 0) * 60_000;
  if (until <= from) throw invalidParameter('until', 'must be after from');
  if (until <= now) throw invalidParameter('until', 'must be to come');
  if (until - from > longestSilenceDays * dayMs) {
    throw invalidParameter(
      body.until === undefined ? 'minutes' : 'until',
      `must be at most ${longestSilenceDays} days after from: what is silent for longer is forgotten`,
    );
  }
  const { kind, comment } = body;
  return { kind, comment, from, until, ...(await coveredBy(body, alertOf)) };
}

async function coveredBy(
  { incident, place, themes, product }: SilenceBody,
  alertOf: (id: string) => Promise<AlertAnswer | null>,
): Promise<Pick<NewSilence, 'place' | 'themes' | 'product'>> {
  if (incident === undefined) {
    return { place: placeOf(place ?? null), themes: themes ?? null, product: product ?? null };
  }
  const found = await alertOf(incident);
  if (found === null) throw invalidParameter('incident', 'must be the id of an alert that you see');
  const { alert } = found;
  return { place: placeOf(alert.place.key), themes: alert.themes, product: alert.product };
}

function placeOf(key: string | null): NewSilence['place'] {
  if (key === null) return null;
  const place = pathOfKey(key);
  if (place !== null) return place;
  throw invalidParameter(
    'place',
    'must be the key of a country, region, city, area, postcode or site, like region:US/California',
  );
}
