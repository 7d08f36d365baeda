// The fictional provider: its places (read from gazetteer.csv), plans and rivals. Nothing here exists.
import { readFileSync } from 'node:fs';

export type Technology = 'fibre' | 'cable' | 'DSL' | '4G' | '5G';

/** One planning area. `technology` is the fixed access, `mobile` the best radio; `share` of all subscribers, 0..1. */
export interface Area {
  readonly name: string;
  readonly postcode: string;
  readonly lat: number;
  readonly lon: number;
  readonly subscribers: number;
  readonly technology: Technology;
  readonly mobile: '4G' | '5G';
  readonly city: string;
  readonly region: string;
  readonly country: string;
  readonly share: number;
}

/** `utcOffsetMs`: local time is UTC plus this, all year. `plans`: product names by technology. */
export interface Provider {
  readonly name: string;
  readonly handle: string;
  readonly utcOffsetMs: number;
  readonly areas: readonly Area[];
  readonly plans: Readonly<Record<Technology, readonly string[]>>;
  readonly rivals: readonly string[];
}

/** The shipped gazetteer of the fictional provider, in the format that `normalize` reads. */
export const GAZETTEER_URL: URL = new URL('gazetteer.csv', import.meta.url);

const TECHNOLOGIES: readonly Technology[] = ['fibre', 'cable', 'DSL', '4G', '5G'];

/** Makes the provider from gazetteer text (see docs/synthetic-data.md for its columns). Throws on a line it cannot read. */
export function createProvider(gazetteer: string): Provider {
  const lines = gazetteer.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.slice(1).map((line) => {
    const cells = line.trim().split(',');
    const [name, postcode, lat, lon, subscribers, kind, city, region, country] = cells;
    const technology = TECHNOLOGIES.find((each) => each === kind);
    if (!name || !postcode || !city || !region || !country || technology === undefined) {
      throw new Error(`Gazetteer line not understood: ${JSON.stringify(line)}`);
    }
    return {
      name,
      postcode,
      lat: Number(lat),
      lon: Number(lon),
      subscribers: Number(subscribers),
      technology,
      mobile: technology === 'fibre' || technology === 'cable' ? ('5G' as const) : ('4G' as const),
      city,
      region,
      country,
    };
  });
  const total = rows.reduce((sum, row) => sum + row.subscribers, 0);
  return {
    name: 'Brindlewave',
    handle: '@BrindlewaveHelp',
    utcOffsetMs: -6 * 3_600_000,
    areas: rows.map((row) => Object.assign(row, { share: row.subscribers / total })),
    plans: {
      fibre: ['Fibre 300', 'Fibre 600', 'Fibre 1000', 'Fibre 300 + TV'],
      cable: ['Cable 200', 'Cable 400', 'Cable 400 + TV'],
      DSL: ['Home DSL 30', 'Home DSL 50'],
      '4G': ['Mobile 20', 'Mobile 60', 'Home Wireless 4G'],
      '5G': ['Mobile Unlimited 5G', 'Mobile 60', 'Family 5G'],
    },
    rivals: ['Kestrelnet', 'Omnivale', 'Talkbarn', 'Pennant Mobile'],
  };
}

let shipped: Provider | undefined;

/** The shipped provider, Brindlewave; its gazetteer is read once. */
export function shippedProvider(): Provider {
  shipped ??= createProvider(readFileSync(GAZETTEER_URL, 'utf8'));
  return shipped;
}
