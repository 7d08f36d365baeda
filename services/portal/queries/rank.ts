// Places ranked by the evidence for building there.
import type { Db } from '#core/store/postgres.ts';
import type { RankAnswer, RankedPlace } from '../api/answers.ts';
import { QuestionRefused } from '../api/queries.ts';
import type { PlaceLevel, RankQuestion } from '../api/questions.ts';
import type { Reader } from '../reader.ts';
import { ratePerThousand, shareOf } from '../statistics/intervals.ts';
import { meanInterval, meanOf } from '../statistics/means.ts';
import { asReader, type Reading } from './as-reader.ts';
import { describePlace } from './describe-place.ts';
import { isSmall, suppressedParts } from './figures.ts';
import { createGrouping } from './groups.ts';
import { gazetteerOf } from './known-gazetteer.ts';
import { knownPlaces } from './known-places.ts';
import { pageOf, readCursor, writeCursor, type SortValue } from './pages.ts';
import { answered, rangeOf, type Range } from './range.ts';
import { createRankTally, type RankCounts } from './rank-tally.ts';
import { rowFilterOf } from './row-filter.ts';
import { createScore, weeksOf, type Evidence } from './score.ts';
import { readSegments } from './segments.ts';
import { unseenNames } from './unseen-names.ts';
import type { Narrowing } from './where.ts';

/**
 * Every place of the level with tickets in the range, the best first; what may not be told of comes last.
 * @throws QuestionRefused for a made-up cursor and for a kind other than tickets; SignpostError as `Db` does
 */
export function rank(
  store: Db,
  reader: Reader,
  question: RankQuestion,
  now: Date,
): Promise<RankAnswer> {
  const position = readCursor(question);
  return asReader(store, reader, async (reading) => {
    const range = position?.range ?? (await rangeOf(reading, question, now));
    const ranking = await rankPlaces(reading, range, question.level, question);
    const { page, start, more } = ranking.page(question.by, question.limit, position?.after);
    const last = page.at(-1);
    return {
      range: answered(range),
      level: question.level,
      places: page.map(({ slot }, index) => ranking.describe(slot, start + index + 1)),
      next:
        more && last !== undefined
          ? writeCursor(question, { range, after: [last.value, last.key] })
          : null,
      unplaced: ranking.unplaced,
      notices: await unseenNames(reading, question),
    };
  });
}

interface Ranked {
  readonly slot: number;
  readonly key: string;
  readonly value: SortValue;
}

export interface Ranking {
  page(
    by: RankQuestion['by'],
    limit: number,
    after: readonly [SortValue, string] | undefined,
  ): { readonly page: readonly Ranked[]; readonly start: number; readonly more: boolean };
  describe(slot: number, rank: number): RankedPlace;
  /** Null where it is not told. */
  readonly unplaced: number | null;
}

/** @throws QuestionRefused for a kind other than tickets */
export async function rankPlaces(
  reading: Reading,
  range: Range,
  level: PlaceLevel,
  filters: Narrowing,
): Promise<Ranking> {
  if (filters.kind !== undefined && !filters.kind.includes('ticket')) {
    throw new QuestionRefused('kind', 'must include ticket: places are ranked by their tickets');
  }
  const tickets: Narrowing = { ...filters, kind: ['ticket'] };
  const { suppressBelow } = reading;
  const places = knownPlaces(reading.db);
  const gazetteer = await gazetteerOf(reading);
  const filter = await rowFilterOf(reading, tickets, places);
  const asked = { groupBy: [level], bucket: 'none', departments: [] } as const;
  const grouping = createGrouping({
    ...asked,
    range,
    filter,
    places,
    homonyms: gazetteer.homonyms,
  });
  const tally = createRankTally(grouping, range, { places, gazetteer });
  for await (const segment of readSegments(reading, range, ['said'], tickets)) {
    await places.learn(reading.tx, [segment.columns]);
    tally.add(segment);
  }

  let unplaced = 0;
  const found: Found[] = [];
  const numberOf = ({ slot }: Found): number => grouping.groups[slot]!.place!;
  for (const [slot, { place }] of grouping.groups.entries()) {
    const counts = tally.of(slot);
    const key = grouping.codes!.keyOf(place!);
    if (key === null) unplaced = counts.tickets;
    else found.push({ slot, key, counts, ...evidenceOf(counts, gazetteer.place(level, key)) });
  }
  // By number, so that of equals the same one is suppressed as among aggregates.
  found.sort((one, other) => numberOf(one) - numberOf(other));
  const [unplacedTold, ...placesTold] = suppressedParts(
    [unplaced, ...found.map(({ counts }) => counts.tickets)],
    suppressBelow,
  );
  const hidden = new Set(found.filter((_, index) => placesTold[index] === null));
  const isTold = (place: Found): boolean => !hidden.has(place);
  const termsOf = createScore(found.filter(isTold));
  const scored = new Map(
    found.map((place) => {
      const terms = isTold(place) ? termsOf(place) : [];
      const score = isTold(place) ? terms.reduce((sum, { points }) => sum + points, 0) : null;
      return [place.slot, { place, terms, score }] as const;
    }),
  );

  return {
    unplaced: unplacedTold!,
    page(by, limit, after) {
      const rows = found.map((place): Ranked => {
        const { score } = scored.get(place.slot)!;
        const value = {
          score,
          count: place.tickets,
          rate: place.rate?.value ?? null,
          lowerEnd: place.rate?.low ?? null,
        }[by];
        return { slot: place.slot, key: place.key, value: isTold(place) ? value : null };
      });
      return pageOf(rows, { descending: true, limit }, after);
    },
    describe(slot, standing) {
      const { place, terms, score } = scored.get(slot)!;
      const named = grouping.codes!.namedAs(grouping.groups[slot]!.place!);
      const head = { rank: standing, place: describePlace(level, place.key, named, gazetteer) };
      if (!isTold(place)) return { ...head, ...nothingTold };
      const { exact, busy } = place.counts;
      // A share of a count that is told tells how many are in it and how many are not.
      const tellsOfFew = [exact, busy, exact - busy].some((each) => isSmall(each, suppressBelow));
      return {
        ...head,
        suppressed: false,
        tickets: place.tickets,
        rate: place.rate,
        weeks: place.weeks,
        busyHourShare: tellsOfFew ? null : shareOf(busy, exact),
        churnRisk: place.churnRisk,
        churnRiskInterval: meanInterval(place.counts.churnRisk, risks),
        score,
        terms: [...terms],
      };
    },
  };
}

interface Found extends Evidence {
  readonly slot: number;
  readonly key: string;
  readonly counts: RankCounts;
}

function evidenceOf(
  counts: RankCounts,
  known: { readonly subscribers: number | null } | undefined,
): Evidence {
  const subscribers = known?.subscribers ?? null;
  return {
    tickets: counts.tickets,
    rate: ratePerThousand(counts.tickets, subscribers),
    subscribers,
    weeks: weeksOf(counts.weeks),
    churnRisk: meanOf(counts.churnRisk) ?? 0,
  };
}

/** A churn risk is a probability. */
const risks = { least: 0, most: 1 };

const nothingTold = {
  suppressed: true,
  tickets: null,
  rate: null,
  weeks: null,
  busyHourShare: null,
  churnRisk: null,
  churnRiskInterval: null,
  score: null,
  terms: [],
};
