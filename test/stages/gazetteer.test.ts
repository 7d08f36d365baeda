// Places: a gazetteer fills what a source leaves open; unknown stays unknown.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLocate, readGazetteer } from '../../services/normalize/gazetteer.ts';
import { noPlace } from '../support/intake.ts';

const folder = mkdtempSync(join(tmpdir(), 'gazetteer-'));
afterAll(() => rmSync(folder, { recursive: true }));

function gazetteer(text: string): string {
  const file = join(folder, `${Math.random()}.csv`);
  writeFileSync(file, text);
  return file;
}

const places = `area,postcode,lat,lon,subscribers,technology,city,country
Harbour,AB1 2CD,54.0,-1.0,1200,fibre,Linton,GB
Harbour,AB1 2CE,54.01,-1.01,800,DSL,Linton,GB
Hill,ZZ9,55.5,-2.5,500,4G,Upton,GB
`;

describe('a gazetteer', () => {
  const locate = createLocate(readGazetteer(gazetteer(places)));

  it('finds area, city and coordinates by postcode, however it is written', () => {
    const { place, technology } = locate({ ...noPlace, postcode: 'ab12cd' }, null);
    expect(place).toMatchObject({
      area: 'Harbour',
      city: 'Linton',
      country: 'GB',
      lat: 54,
      lon: -1,
      postcode: 'ab12cd',
    });
    expect(technology).toBe('fibre');
  });

  it('adds the H3 cell of resolution 9', () => {
    // Checked against h3geo.org: resolution is the second hex digit pair of the index.
    expect(
      locate({ ...noPlace, lat: 37.7752702151959, lon: -122.418307270836 }, null).place.h3,
    ).toBe('8928308280fffff');
  });

  it('finds the nearest area by coordinates, and none beyond 15 km', () => {
    expect(locate({ ...noPlace, lat: 55.52, lon: -2.51 }, null).place.area).toBe('Hill');
    expect(locate({ ...noPlace, lat: 55.8, lon: -2.5 }, null).place.area).toBeNull();
  });

  it('never overwrites what the source says', () => {
    const { place, technology } = locate(
      { ...noPlace, postcode: 'ZZ9', city: 'Elsewhere', lat: 1, lon: 2 },
      '5G',
    );
    expect(place).toMatchObject({ city: 'Elsewhere', lat: 1, lon: 2, area: 'Hill' });
    expect(technology).toBe('5G');
  });

  it('leaves a technology open where an area has several', () => {
    expect(locate({ ...noPlace, area: 'harbour' }, null).technology).toBeNull();
  });

  it('leaves an unknown place as it is', () => {
    expect(locate({ ...noPlace, postcode: 'XX0' }, null).place).toEqual({
      ...noPlace,
      postcode: 'XX0',
    });
    expect(locate(noPlace, null).place).toEqual(noPlace);
  });
});

describe('a gazetteer that is wrong', () => {
  it.each([
    ['without the column area', 'postcode,lat\n1,2\n', /line 1: the column "area" is missing/],
    [
      'with a latitude beyond the pole',
      'area,lat,lon\nA,91,0\n',
      /line 2: lat must be a number from -90 to 90/,
    ],
    ['with an empty area', 'area,lat,lon\nA,1,1\n,2,2\n', /line 3: area is empty/],
    ['with a row too short', 'area,lat,lon\nA,1\n', /line 2/],
  ])('%s is refused by file and line', (_name, text, message) => {
    expect(() => readGazetteer(gazetteer(text))).toThrow(message);
  });

  it('that is not there is refused by name', () => {
    expect(() => readGazetteer('/nowhere/g.csv')).toThrow(
      /Cannot read the gazetteer \/nowhere\/g.csv/,
    );
  });
});
