// What each day has of its own: by chance more or less than is ordinary, in the country, a region, a city, a postcode.
import type { Random } from '../../../services/gateway/synthetic/random.ts';
import { gammaOfMeanOne, normal } from './draws.ts';
import { dayMs, hourMs, themes } from './ordinary.ts';
import type { World, WorldPlace } from './world.ts';

/** What each day has of its own. */
export interface Days {
  turnTo(start: number): void;
  factor(theme: number, city: WorldPlace): number;
  /** Running sums of what each postcode has of a theme today. */
  sums(theme: number): Float64Array;
}

// The deviation of the logarithm of a day's factor: the country's by theme, a region's, a city's. Complaints to one
// provider in 2015 (us-isp-complaints) have days that differ by 0.2 to 0.4, with all of a week's rhythm taken out.
const dayDeviation = { theme: 0.1, region: 0.08, city: 0.12 };
/** Yesterday's part in today. */
const dayMemory = 0.5;
/** Of an hour's gamma factor of a theme in a city, and a day's of a theme in a postcode. */
const hourShape = 6;
const dayShape = 3;
export function createDays(world: World, random: Random): Days {
  const country = themes.map(() => 0);
  const region = world.at.region.map(() => 0);
  const city = new Map(world.at.city.map(({ index }) => [index, 0]));
  let sums: Float64Array[] = [];
  let today = -1;
  let hour = -1;
  const hourly = new Map<number, number>();

  const next = (before: number, deviation: number): number =>
    dayMemory * before + deviation * Math.sqrt(1 - dayMemory ** 2) * normal(random);

  return {
    turnTo: (start) => {
      const nowHour = Math.floor(start / hourMs);
      if (nowHour !== hour) hourly.clear();
      hour = nowHour;
      const day = Math.floor(start / dayMs);
      if (day === today) return;
      today = day;
      for (const at of country.keys()) country[at] = next(country[at]!, dayDeviation.theme);
      for (const at of region.keys()) region[at] = next(region[at]!, dayDeviation.region);
      for (const [index, before] of city) city.set(index, next(before, dayDeviation.city));
      sums = themes.map(() =>
        runningSums(world.postcodes, ({ share }) => share * gammaOfMeanOne(random, dayShape)),
      );
    },
    factor: (theme, { index, region: r }) => {
      const key = index * themes.length + theme;
      let chance = hourly.get(key);
      if (chance === undefined) hourly.set(key, (chance = gammaOfMeanOne(random, hourShape)));
      return chance * Math.exp(country[theme]! + region[r!]! + city.get(index)!);
    },
    sums: (theme) => sums[theme]!,
  };
}

export function runningSums(
  places: readonly WorldPlace[],
  weight: (place: WorldPlace) => number,
): Float64Array {
  const sums = new Float64Array(places.length + 1);
  for (const [at, place] of places.entries()) sums[at + 1] = sums[at]! + weight(place);
  return sums;
}
