// What the customers of a small made-up provider said, for tests of the pages: places, tickets, answers, posts and two
// rollout waves. The same for every run but for the day it ends on. Rates and counts are such that ranking by one is
// not ranking by the other.

export interface AreaFacts {
  readonly area: string;
  readonly city: string;
  readonly region: string;
  readonly postcode: string;
  readonly lat: number;
  readonly lon: number;
  readonly subscribers: number;
  /** Tickets about coverage, and about other things. */
  readonly coverage: number;
  readonly other: number;
}

const dayMs = 86_400_000;

function area(
  name: string,
  [city, region, postcode]: readonly [string, string, string],
  [lat, lon]: readonly [number, number],
  [subscribers, coverage, other]: readonly [number, number, number],
): AreaFacts {
  return { area: name, city, region, postcode, lat, lon, subscribers, coverage, other };
}

/** By coverage tickets per subscriber in California: as they stand here. Silver Fork complains most, and is elsewhere. */
export const areas: readonly AreaFacts[] = [
  area('Alder Bay', ['Port Alder', 'California', '94901'], [38.05, -122.75], [2000, 44, 6]),
  area('Quail Ridge', ['Port Alder', 'California', '94902'], [38.45, -122.2], [3000, 51, 4]),
  area('Sierra Mesa', ['Alta Mesa', 'California', '95301'], [37.6, -119.9], [5000, 65, 10]),
  area('Mesquite Wells', ['Mesquite', 'California', '93501'], [35.1, -117.9], [4000, 40, 3]),
  area('Port Solano, West', ['Solano', 'California', '94501'], [38.1, -121.8], [10_000, 70, 12]),
  area('Los Robles', ['Robles', 'California', '90301'], [34.05, -118.4], [20_000, 80, 30]),
  area('Half Moon Flats', ['Robles', 'California', '90302'], [34.4, -119.1], [8000, 16, 4]),
  area('San Perdido', ['Perdido', 'California', '92101'], [32.9, -117], [12_000, 12, 60]),
  area('Silver Fork', ['Silver Fork', 'Nevada', '89401'], [39.4, -119.3], [1000, 60, 5]),
];

/** Coverage tickets that name no place. */
export const unplaced = 15;

type Row = readonly string[];

/** @param further lines beside those of `areas` */
export function gazetteer(further: readonly Row[] = []): string {
  const lines = areas.map(({ area: name, postcode, lat, lon, subscribers, city, region }) =>
    [name, postcode, lat, lon, subscribers, '', city, region, 'US'].map(String),
  );
  const header = 'area,postcode,lat,lon,subscribers,technology,city,region,country'.split(',');
  return csv([header, ...lines, ...further]);
}

/**
 * Wave 1 is finished, 40 days before `now`; wave 2 is to come.
 * @param now milliseconds since the epoch
 * @param further lines beside theirs
 */
export function waves(now: number, further: readonly Row[] = []): string {
  const day = (days: number): string => new Date(now + days * dayMs).toISOString().slice(0, 10);
  return csv([
    ['area', 'wave', 'technology', 'planned', 'finished'],
    ['Los Robles', 'Wave 1', '5g', day(-50), day(-wave1FinishedDays)],
    ['Quail Ridge', 'Wave 2', '5g', day(60), ''],
    ['Mesquite Wells', 'Wave 2', '5g', day(75), ''],
    ...further,
  ]);
}
export const wave1FinishedDays = 40;
export const wave2Areas = ['Quail Ridge', 'Mesquite Wells'] as const;

const aboutCoverage = [
  'Weak signal in our street since we moved here, no bars at all in the kitchen.',
  'There is no coverage in our valley, the phone only works on the hill.',
  'No reception inside the house, when will you build a tower here?',
  'Dead zone between the school and the church, no bars for a mile.',
];
/** Each matters to one department alone. */
const aboutOther = [
  'I was charged twice on my bill this month and want a refund.',
  'Your new plan is more expensive than the offer of the competitor, I will switch.',
  'Internet is down since this morning, total outage in the whole neighbourhood.',
  'The app crashes every time I try to log in.',
  'The agent was rude and nobody called me back.',
];

/** One record as the HTTP intake takes it. */
export type InputRecord = Readonly<Record<string, unknown>> & { readonly id: string };

/** Everything lies in the 85 days before `now`, in milliseconds since the epoch, the newest an hour before. */
export function records(now: number): {
  readonly tickets: readonly InputRecord[];
  readonly surveys: readonly InputRecord[];
  readonly posts: readonly InputRecord[];
} {
  const tickets: InputRecord[] = [];
  for (const place of areas) {
    for (let n = 0; n < place.coverage; n += 1) {
      const isLate = place.area === 'Los Robles' && n >= 70;
      // Los Robles complains a lot until its wave is finished, and little since.
      const days =
        place.area === 'Los Robles'
          ? isLate
            ? spread(n, 0, 39)
            : spread(n, 41, 84)
          : spread(n, 0, 84);
      tickets.push(ticket(place, 'coverage', n, now - days * dayMs, aboutCoverage));
    }
    for (let n = 0; n < place.other; n += 1)
      tickets.push(ticket(place, 'other', n, now - spread(n, 0, 84) * dayMs, aboutOther));
  }
  for (let n = 0; n < unplaced; n += 1)
    tickets.push(ticket(null, 'nowhere', n, now - spread(n, 0, 84) * dayMs, aboutCoverage));
  const surveys = areas.slice(0, 4).flatMap(({ lat, lon, ...place }, at) =>
    Array.from({ length: 12 }, (_, n) => ({
      id: `survey-${at}-${n}`,
      occurredAt: iso(now - spread(n, 0, 60) * dayMs),
      scale: 'csat',
      score: 1 + ((n + at) % 5),
      question: 'How good was the call?',
      technology: n % 2 === 0 ? '4g' : '5g',
      place: { country: 'US', region: place.region, lat: lat + n / 200, lon: lon - n / 300 },
    })),
  );
  const posts = areas.slice(0, 6).map((place, n) => ({
    id: `post-${n}`,
    occurredAt: iso(now - spread(n, 0, 30) * dayMs),
    text: `${aboutCoverage[n % aboutCoverage.length]} Anybody else in ${place.area}?`,
    authorId: `author-${n}`,
    channel: 'forum',
    place: { area: place.area },
  }));
  return { tickets, surveys, posts };
}

function ticket(
  place: AreaFacts | null,
  about: string,
  n: number,
  at: number,
  texts: readonly string[],
): InputRecord {
  const createdAt = iso(at);
  return {
    id: `${(place?.area ?? 'no-place').toLowerCase().replaceAll(/[^a-z]+/g, '-')}-${about}-${n}`,
    occurredAt: createdAt,
    createdAt,
    // Every customer complains twice at most.
    customerId: `${place?.postcode ?? 'x'}-${about}-${Math.floor(n / 2)}`,
    description: texts[n % texts.length],
    severity: n % 3 === 0 ? 'high' : 'low',
    technology: n % 2 === 0 ? '4g' : '5g',
    channel: 'phone',
    ...(n % 4 === 3
      ? { status: 'resolved', resolvedAt: iso(at + 3_600_000 / 2) }
      : { status: 'acknowledged' }),
    ...(place === null ? {} : { place: { area: place.area } }),
  };
}

/** From `least` to `most` days, the whole range soon covered, and hours that differ. */
function spread(n: number, least: number, most: number): number {
  const days = least + ((n * 29) % (most - least + 1));
  return days + (1 + ((n * 7) % 22)) / 24;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function csv(rows: readonly Row[]): string {
  const cell = (text: string): string =>
    /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}
