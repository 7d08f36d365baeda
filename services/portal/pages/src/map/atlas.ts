// The offline base of the map: countries of the world and states of the US, from the atlases, as files of this server.
import type { Feature, MultiPolygon, Polygon } from 'geojson';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { useEffect, useState } from 'preact/hooks';
import coarseUrl from 'world-atlas/countries-110m.json?url';
import fineUrl from 'world-atlas/countries-50m.json?url';
import statesUrl from 'us-atlas/states-10m.json?url';
import { countryName, isUnitedStates, plain, stateName } from './atlas-names.ts';

export type Outline = Feature<Polygon | MultiPolygon, { readonly name: string }>;

export interface Atlas {
  readonly countries: readonly Outline[];
  readonly states: readonly Outline[];
  /** The narrowest outline that a place of these names is or lies in. @param names from the country down */
  readonly find: (names: readonly string[]) => Outline | null;
  readonly isFine: boolean;
}

const files = { coarse: coarseUrl, fine: fineUrl };
const loading = new Map<string, Promise<readonly Outline[]>>();
let loaded: Atlas | null = null;

/** The atlas as far as it is there: coarse outlines first (100 kB), fine ones (750 kB) when they are wanted. */
export function useAtlas(isFineWanted: boolean): {
  readonly atlas: Atlas | null;
  readonly isFailed: boolean;
} {
  const [atlas, setAtlas] = useState(loaded);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    let isWanted = true;
    async function load(kind: keyof typeof files): Promise<void> {
      const [countries, states] = await Promise.all([
        outlines(files[kind], 'countries'),
        outlines(statesUrl, 'states'),
      ]);
      loaded = atlasOf(countries, states, kind === 'fine');
      if (isWanted) setAtlas(loaded);
    }
    async function loadAll(): Promise<void> {
      try {
        if (loaded === null) await load('coarse');
        if (isFineWanted && loaded?.isFine !== true) await load('fine');
      } catch {
        if (isWanted) setFailed(true);
      }
    }
    void loadAll();
    return () => {
      isWanted = false;
    };
  }, [isFineWanted]);
  return { atlas, isFailed };
}

function outlines(url: string, object: string): Promise<readonly Outline[]> {
  const known = loading.get(url);
  if (known !== undefined) return known;
  const asked = read(url, object);
  loading.set(url, asked);
  asked.catch(() => loading.delete(url));
  return asked;
}

async function read(url: string, object: string): Promise<readonly Outline[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const topology = (await response.json()) as Topology<
    Record<string, GeometryCollection<{ name: string }>>
  >;
  const { features } = feature(topology, topology.objects[object]!);
  return features.filter((each): each is Outline => each.geometry?.type.endsWith('Polygon'));
}

function atlasOf(
  countries: readonly Outline[],
  states: readonly Outline[],
  isFine: boolean,
): Atlas {
  const byCountry = new Map(countries.map((each) => [plain(each.properties.name), each]));
  const byState = new Map(states.map((each) => [plain(each.properties.name), each]));
  return {
    countries,
    states,
    isFine,
    find([country = '', region]) {
      if (region !== undefined && isUnitedStates(country)) {
        const state = byState.get(stateName(region) ?? '');
        if (state !== undefined) return state;
      }
      return byCountry.get(countryName(country)) ?? null;
    },
  };
}
