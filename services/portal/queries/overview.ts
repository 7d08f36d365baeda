// What flows at present and what rises, for the first page, as far as the reader sees it.
import type { Db } from '#core/store/postgres.ts';
import { kindNumbers } from '#core/store/tables.ts';
import type { OverviewAnswer } from '../api/answers.ts';
import type { Reader } from '../reader.ts';
import { asReader, type Reading } from './as-reader.ts';
import { compare } from './overview-change.ts';
import {
  countsOf,
  lastReceipt,
  spanOf,
  type Counts,
  type Daily,
  type Flow,
} from './overview-counts.ts';
import { notableOf } from './overview-notable.ts';

const mostThemes = 12;

/**
 * @param health of the parts behind the answer, as whoever runs them sees it
 * @throws SignpostError as `Db` does
 */
export async function overview(
  db: Db,
  reader: Reader,
  now: Date,
  health: OverviewAnswer['health'],
): Promise<OverviewAnswer> {
  return asReader(db, reader, async (reading) => {
    const span = await spanOf(reading, now);
    if (span === null) return { ...nothing(reading), health };
    const { flows, themes, received } = await countsOf(reading, span);
    return {
      today: span.dayStart.toISOString().slice(0, 10),
      lastReceivedAt: await lastReceipt(reading),
      counts: { today: kindsOf(flows.filter(({ isToday }) => isToday)), week: kindsOf(flows) },
      sources: sourcesOf(flows),
      flows: flowsOf(flows, reading),
      departments: [...reading.departments].map(([bit, department]) => ({
        department,
        ...sumOf(flows.filter((flow) => has(flow.departments, bit))),
        change: compare(daysOf(received, bit), span.daysBefore).change,
      })),
      themes: themesOf(themes, span.daysBefore, reading.suppressBelow),
      notable: await notableOf(reading, span),
      health,
    };
  });
}

function nothing({ departments }: Reading): Omit<OverviewAnswer, 'health'> {
  const none = { tickets: 0, posts: 0, surveyAnswers: 0 };
  return {
    today: null,
    lastReceivedAt: null,
    counts: { today: none, week: none },
    sources: [],
    flows: [],
    departments: [...departments.values()].map((department) => ({
      department,
      today: 0,
      week: 0,
      change: null,
    })),
    themes: [],
    notable: [],
  };
}

function kindsOf(flows: readonly Flow[]): OverviewAnswer['counts']['today'] {
  const of = (kind: number): number => sumOf(flows.filter((flow) => flow.kind === kind)).week;
  return {
    tickets: of(kindNumbers.ticket),
    posts: of(kindNumbers.post),
    surveyAnswers: of(kindNumbers.survey),
  };
}

function sumOf(flows: readonly Flow[]): { today: number; week: number } {
  let [today, week] = [0, 0];
  for (const { isToday, signals } of flows) {
    week += signals;
    if (isToday) today += signals;
  }
  return { today, week };
}

function sourcesOf(flows: readonly Flow[]): OverviewAnswer['sources'] {
  return [...Map.groupBy(flows, ({ source }) => source)]
    .map(([source, of]) => ({ source, ...sumOf(of) }))
    .toSorted((a, b) => b.week - a.week || (a.source < b.source ? -1 : 1));
}

function flowsOf(flows: readonly Flow[], { departments }: Reading): OverviewAnswer['flows'] {
  return [...Map.groupBy(flows, ({ source }) => source)].flatMap(([source, of]) => {
    const reached = [...departments].map(([bit, department]) => ({
      source,
      department,
      ...sumOf(of.filter((flow) => has(flow.departments, bit))),
    }));
    const nowhere = sumOf(of.filter((flow) => flow.departments === 0n));
    return [...reached, { source, department: null, ...nowhere }].filter(({ week }) => week > 0);
  });
}

function daysOf(received: Counts['received'], bit: number): Daily[] {
  return [...received].flatMap(([departments, daily]) => (has(departments, bit) ? daily : []));
}

function themesOf(
  themes: Counts['themes'],
  daysBefore: number,
  suppressBelow: number,
): OverviewAnswer['themes'] {
  const isWithheld = (count: number): boolean => count > 0 && count < suppressBelow;
  return [...themes]
    .filter(([theme]) => theme !== noTheme)
    .map(([theme, daily]) => {
      const { week, before, change } = compare(daily, daysBefore);
      const hidden = isWithheld(week);
      return {
        theme,
        tickets: hidden ? null : week,
        change: hidden || isWithheld(before) ? null : change,
      };
    })
    .filter(({ tickets }) => tickets !== 0)
    .toSorted((a, b) => lowerEnd(b) - lowerEnd(a) || (b.tickets ?? 0) - (a.tickets ?? 0))
    .slice(0, mostThemes);
}

const noTheme = 'none';

/** What cannot be compared comes after what can. */
function lowerEnd({ change }: OverviewAnswer['themes'][number]): number {
  return change?.low ?? -1;
}

function has(departments: bigint, bit: number): boolean {
  return ((departments >> BigInt(bit)) & 1n) === 1n;
}
