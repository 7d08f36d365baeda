// What the fictional provider builds: waves that are finished and waves to come, by days from now, so that a
// demonstration has something to compare whenever it is started; and what its customers then complain of less.
import type { SyntheticEvent } from './event.ts';
import type { Theme } from './phrases/topic.ts';
import type { Provider } from './provider.ts';
import { DAY_MS } from './world.ts';

/** An area in a wave; days from today, in the past below 0. */
interface Build {
  readonly wave: string;
  readonly technology: '5G' | 'fibre';
  readonly areas: readonly string[];
  readonly planned: number;
  readonly finished: number | null;
}

const BUILDS: readonly Build[] = [
  build('Wave 1', '5G', ['Kiln Lane'], -60, -44),
  build('Wave 1', '5G', ['Sandpit Lane'], -60, -43),
  build('Wave 2', '5G', ['South Ings', 'Fallow End', 'West Fell'], -14, -12),
  build('Wave 3', '5G', ['Dale Foot'], -5, -3),
  build('Wave 3', '5G', ['Marrow Hill', 'Quarry Top'], 35, null),
  build('Wave 4', 'fibre', ['Upper Moor', 'Ferry Meadow', 'Saddlers Row'], 120, null),
  build('Wave 4', 'fibre', ['Bracken Side', 'Well Lane'], 150, null),
];

/** Complaints that a new network answers, and the share of them that is gone afterwards. */
const ANSWERED_THEMES: ReadonlySet<Theme> = new Set<Theme>([
  'coverage',
  'slow-speed',
  'unstable-service',
  'call-or-message',
]);
const ANSWERED_SHARE = 0.75;

/** The plan as of `now` (ms since the epoch), as a file that `signpost waves import` takes. */
export function rolloutCsv(now: number): string {
  const lines = BUILDS.flatMap(({ wave, technology, areas, planned, finished }) =>
    areas.map((area) =>
      [
        area,
        wave,
        technology,
        dayFrom(now, planned),
        finished === null ? '' : dayFrom(now, finished),
      ].join(','),
    ),
  );
  return `${['area,wave,technology,planned,finished', ...lines].join('\n')}\n`;
}

export interface Built {
  /**
   * Whether an event would not have come: it, or the ticket that it goes on with, is a complaint of an area that was
   * finished before, and one of those that are gone. The same event has the same answer.
   */
  isAnswered(event: SyntheticEvent): boolean;
}

/** @param now when the plan was made, ms since the epoch */
export function createBuilt(now: number, provider: Provider): Built {
  const finishedAt = new Map(
    BUILDS.flatMap(({ areas, finished }) =>
      finished === null
        ? []
        : areas.map((area) => [area, startOfDay(now) + (finished + 1) * DAY_MS] as const),
    ),
  );
  const byPostcode = new Map(provider.areas.map(({ name, postcode }) => [postcode, name]));
  const gone = new Set<string>();
  return {
    isAnswered({ at, input, truth }) {
      const id = ticketOf(String(input['id']));
      // What follows names no place: it goes as the first went.
      if (gone.has(id)) return true;
      if (!ANSWERED_THEMES.has(truth.theme) || truth.outageId !== null) return false;
      const since = finishedAt.get(areaOf(input['place'], byPostcode) ?? '');
      if (since === undefined || at < since || shareOf(id) >= ANSWERED_SHARE) return false;
      gone.add(id);
      return true;
    },
  };
}

/** Answers and replies carry the id of what they follow, with a letter behind. */
function ticketOf(id: string): string {
  return id.replace(/^[A-Z]+-/, '').replace(/-[a-z]$/, '');
}

function areaOf(place: unknown, byPostcode: ReadonlyMap<string, string>): string | undefined {
  if (typeof place !== 'object' || place === null) return undefined;
  const { area, postcode } = place as { readonly area?: unknown; readonly postcode?: unknown };
  return typeof area === 'string' ? area : byPostcode.get(String(postcode));
}

/** From 0 to 1, spread evenly over ids (FNV-1a). */
function shareOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1)
    hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193) >>> 0;
  // The last letters alone would tell the lowest bits.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return hash / 2 ** 32;
}

function dayFrom(now: number, days: number): string {
  return new Date(startOfDay(now) + days * DAY_MS).toISOString().slice(0, 10);
}

function startOfDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

function build(
  wave: string,
  technology: Build['technology'],
  areas: readonly string[],
  planned: number,
  finished: number | null,
): Build {
  return { wave, technology, areas, planned, finished };
}
