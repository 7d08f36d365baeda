// The pure parts of the planner's map: tones, cells of places, views, names of the atlases, places out of GeoJSON.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { examples } from '../../services/portal/http/examples.ts';
import { geojsonOf } from '../../services/portal/http/geojson.ts';
import { aggregatesTable, rankTable } from '../../services/portal/http/tables.ts';
import {
  countryName,
  isUnitedStates,
  plain,
  stateName,
} from '../../services/portal/pages/src/map/atlas-names.ts';
import { cellsOf, reachOf, type XY } from '../../services/portal/pages/src/map/cells.ts';
import { boundsOf, classOf, toneOf } from '../../services/portal/pages/src/map/color-classes.ts';
import { placesIn } from '../../services/portal/pages/src/map/geojson-places.ts';
import { placesOfRows } from '../../services/portal/pages/src/map/map-place.ts';
import { withoutStrays } from '../../services/portal/pages/src/map/strays.ts';
import { toDrawing, toWindow, viewOf, zoomed } from '../../services/portal/pages/src/map/view.ts';

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

describe('tones', () => {
  test('a larger value never has a lower tone, and every tone is one of six', () => {
    fc.assert(
      fc.property(fc.array(finite(0, 1e6), { minLength: 1, maxLength: 200 }), (values) => {
        const bounds = boundsOf(values);
        const tones = values
          .toSorted((a, b) => a - b)
          .map((value) => toneOf(classOf(value, bounds), bounds));
        expect(tones).toEqual(tones.toSorted((a, b) => a - b));
        for (const tone of tones) expect([1, 2, 3, 4, 5, 6]).toContain(tone);
      }),
    );
  });

  test('the lowest and the highest class have the ends of the scale', () => {
    const bounds = boundsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(toneOf(classOf(1, bounds), bounds)).toBe(1);
    expect(toneOf(classOf(12, bounds), bounds)).toBe(6);
  });

  test('values that are all the same have one class', () => {
    expect(boundsOf([4, 4, 4])).toEqual([]);
  });
});

describe('cells of places that are points', () => {
  const points = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 })), {
      minLength: 3,
      maxLength: 60,
      selector: ([x, y]) => `${x} ${y}`,
    })
    .map((all) => all.map((at, index) => ({ key: String(index), at })));

  test('a cell holds its own point, reaches no farther than it may and overlaps no other', () => {
    fc.assert(
      fc.property(points, (all) => {
        const reach = reachOf(all);
        const cells = cellsOf(all, reach);
        expect(cells.map(({ key }) => key)).toEqual(all.map(({ key }) => key));
        for (const cell of cells) {
          expect(isWithin(cell.ring, cell.at)).toBe(true);
          for (const corner of cell.ring) {
            expect(distance(corner, cell.at)).toBeLessThanOrEqual(reach + 1e-6);
            const nearest = Math.min(...all.map(({ at }) => distance(corner, at)));
            expect(distance(corner, cell.at)).toBeLessThanOrEqual(nearest + 1e-6);
          }
        }
      }),
    );
  });

  test('places at one point are all there, and one alone is a disc', () => {
    const at: XY = [5, 5];
    const same = ['a', 'b', 'c', 'd'].map((key) => ({ key, at }));
    const cells = cellsOf([...same, { key: 'e', at: [9, 9] }], 2);
    expect(cells.map(({ key, ring }) => [key, ring.length >= 3])).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((key) => [key, true]),
    );
    expect(cellsOf([{ key: 'a', at }], 2)[0]?.ring.length).toBe(48);
  });
});

describe('views', () => {
  test('magnifying leaves what is under the pointer where it is', () => {
    fc.assert(
      fc.property(finite(0.2, 5), finite(0, 900), finite(0, 600), (by, px, py) => {
        const view = { k: 3, x: -120, y: 40 };
        const before = toDrawing(view, px, py);
        const [x, y] = toWindow(zoomed(view, by, px, py), before);
        expect(x).toBeCloseTo(px, 6);
        expect(y).toBeCloseTo(py, 6);
      }),
    );
  });

  test('a box comes into the middle of the window', () => {
    const [x, y] = toWindow(viewOf([10, 20, 30, 40], 800, 600), [20, 30]);
    expect([x, y]).toEqual([400, 300]);
  });
});

describe('what a map shows at first', () => {
  const grid = Array.from({ length: 400 }, (_, at): [number, number] => [
    70 + (at % 20),
    10 + Math.floor(at / 20),
  ]);

  test('is not the whole earth for a few points abroad', () => {
    expect(withoutStrays([...grid, [-120, 38], [-118, 34]])).toEqual(grid);
  });

  test('is every point where they are few, or where the rest is as wide', () => {
    const few = [...grid.slice(0, 20), [-120, 38] as const];
    expect(withoutStrays(few)).toEqual(few);
    const wide = [...grid, [100, 15] as const];
    expect(withoutStrays(wide)).toEqual(wide);
  });
});

describe('names of the atlases', () => {
  test.each(['US', 'usa', 'United States', 'United States of America'])(
    '%s is one country',
    (name) => expect(isUnitedStates(name)).toBe(true),
  );

  test('codes, accents and case lead to the name of the atlas', () => {
    expect(countryName('CD')).toBe(plain('Dem. Rep. Congo'));
    expect(countryName('CI')).toBe(plain("Côte d'Ivoire"));
    expect(countryName('IN')).toBe('india');
    expect(stateName('CA')).toBe('california');
    expect(stateName('District Of Columbia')).toBe('district of columbia');
    expect(stateName('Kerala')).toBeNull();
  });
});

describe('places of the API’s GeoJSON', () => {
  test('are the ranked places of its JSON', () => {
    const answer = examples.rank;
    const places = placesIn(JSON.parse(geojsonOf(rankTable(answer), {}).toString()));
    expect(places.map(({ ranked }) => ranked)).toEqual(
      answer.places.map((place) => ({ ...place, figures: null })),
    );
  });

  test('are the places of aggregates with their figures, but for severities', () => {
    const answer = examples.aggregates;
    const places = placesIn(JSON.parse(geojsonOf(aggregatesTable(answer), {}).toString()));
    const rows = answer.rows.map((row) => ({ ...row, severities: {} }));
    expect(places.length).toBeGreaterThan(0);
    expect(places.map(({ ranked }) => ranked)).toMatchObject(
      placesOfRows({ ...answer, rows }).map(({ place, tickets, rate }) => ({
        place,
        tickets,
        rate,
      })),
    );
    expect(places[0]?.ranked.figures?.meanCsat).toBe(rows[0]?.meanCsat);
  });
});

function distance([x0, y0]: XY, [x1, y1]: XY): number {
  return Math.hypot(x1 - x0, y1 - y0);
}

/** Even-odd, a corner's width of tolerance: the point may lie on the edge of the box it was clipped to. */
function isWithin(ring: readonly XY[], [x, y]: XY): boolean {
  let isIn = false;
  for (const [index, [x1, y1]] of ring.entries()) {
    const [x0, y0] = ring.at(index - 1)!;
    if (y0 > y !== y1 > y && x < ((x0 - x1) * (y - y1)) / (y0 - y1) + x1) isIn = !isIn;
  }
  return isIn;
}
