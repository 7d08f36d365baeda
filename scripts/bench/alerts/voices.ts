// How customers speak: through which source, naming which place, how long it takes to come, and one as a sighting.
import type { Random } from '../../../services/gateway/synthetic/random.ts';
import {
  placeLevels,
  type Sighting,
  type SightingPlace,
} from '../../../services/alert/sighting.ts';
import { pick } from './draws.ts';
import { dayMs, hourMs, products, productShares, themes } from './ordinary.ts';
import { siteParts, type World, type WorldPlace } from './world.ts';

/** A source gives nothing from `from` on; what it had comes all at once after `to`. */
export interface DeadTime {
  readonly source: string;
  readonly from: number;
  readonly to: number;
}

interface Source {
  readonly name: string;
  readonly share: number;
  /** The narrowest place that it names, and how often each. */
  readonly names: readonly ('site' | 'city' | 'region' | 'none')[];
  readonly nameShares: readonly number[];
  readonly delayMs: number;
}

const sources: readonly Source[] = [
  {
    name: 'crm',
    share: 0.6,
    names: ['site', 'city', 'none'],
    nameShares: [0.88, 0.08, 0.04],
    delayMs: 20_000,
  },
  { name: 'app', share: 0.25, names: ['site', 'none'], nameShares: [0.95, 0.05], delayMs: 5000 },
  {
    name: 'forum',
    share: 0.15,
    names: ['site', 'city', 'region', 'none'],
    nameShares: [0.15, 0.5, 0.2, 0.15],
    delayMs: 90_000,
  },
];
export const sourceNames = sources.map(({ name }) => name);
const sourceShares = sources.map(({ share }) => share);
const levelDepth = { none: -1, region: 1, city: 2, site: 5 };

/** A sighting to be. */
export interface Saying {
  readonly at: number;
  readonly theme: string;
  readonly product: string | null;
  readonly place: SightingPlace;
  readonly customer: string;
  readonly source: Source;
  readonly delayMs: number;
  readonly department: string;
  /** Index; of the first of a customer only. */
  readonly truth?: number;
}

export interface Wish {
  readonly start: number;
  readonly length: number;
  readonly theme: string;
  readonly postcode: number;
  readonly site?: WorldPlace | undefined;
  readonly product?: string | null;
}

const departments = new Map(themes.map(({ name, department }) => [name, department]));

/** Of one customer of a postcode. */
export function draw(random: Random, world: World, wish: Wish): Saying {
  const { theme, postcode } = wish;
  const source = sources[pick(random, sourceShares)]!;
  const named = source.names[pick(random, source.nameShares)]!;
  const sites = world.sitesOf[postcode]!;
  const home =
    wish.site ?? (sites.length > 0 ? sites[pick(random, siteParts)]! : world.postcodes[postcode]!);
  return {
    at: Math.floor(wish.start + random.float() * wish.length),
    theme,
    product: wish.product ?? products[pick(random, productShares)]!,
    place: asFarAs(home.path, levelDepth[named]),
    customer: (postcode * 0x100_0000 + random.below(home.subscribers))
      .toString(16)
      .padStart(16, '0'),
    source,
    delayMs: delay(random, source.delayMs),
    department: departments.get(theme)!,
  };
}

function asFarAs(path: SightingPlace, depth: number): SightingPlace {
  if (depth === 5) return path;
  const known = placeLevels.map((level, at) => [level, at <= depth ? path[level] : null]);
  return Object.fromEntries(known) as SightingPlace;
}

/** Mostly seconds; of a hundred three come within half an hour, one within two days. */
function delay(random: Random, usualMs: number): number {
  const luck = random.float();
  if (luck < 0.01) return random.float() * 2 * dayMs;
  if (luck < 0.04) return random.float() * (hourMs / 2);
  return -usualMs * Math.log(1 - random.float());
}

export function sighting(
  { source, delayMs, department, ...said }: Omit<Saying, 'truth'>,
  id: number,
  dead: readonly DeadTime[],
): Sighting {
  const at = Math.floor(said.at);
  const silence = dead.find(
    (each) => each.source === source.name && at >= each.from && at < each.to,
  );
  return {
    ...said,
    id: `sighting-${id}`,
    at,
    receivedAt: Math.floor(silence === undefined ? at + delayMs : silence.to + delayMs),
    source: source.name,
    departments: [department],
  };
}
