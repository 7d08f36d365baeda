// Places: a gazetteer fills what a source leaves open; unknown stays unknown.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Place } from '#schemas/shared.ts';
import { checkConfig } from '#core/config.ts';
import { normalizeConfig } from '../../services/normalize/config.ts';
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

  it('spells an area as the gazetteer does, in whatever case and with whatever spaces it comes', () => {
    const spelt = ['Harbour', 'HARBOUR', ' harbour', 'Harbour\u00a0'];
    expect(spelt.map((area) => locate({ ...noPlace, area }, null).place)).toEqual(
      Array.from({ length: 4 }, () => locate({ ...noPlace, area: 'Harbour' }, null).place),
    );
    const cafe = createLocate(readGazetteer(gazetteer('area,city\nCafe\u0301  Row,Old  Town\n')));
    const { place, isKnownArea } = cafe({ ...noPlace, area: 'Caf\u00e9 Row' }, null);
    expect(place).toMatchObject({ area: 'Caf\u00e9 Row', city: 'Old Town' });
    expect(isKnownArea).toBe(true);
  });

  it('leaves an unknown place as it is, but for spaces that nobody sees and the form of accents', () => {
    const given = { country: ' US', region: 'New  York', city: 'Ciudad Jua\u0301rez', area: ' ' };
    const tidy = { country: 'US', region: 'New York', city: 'Ciudad Ju\u00e1rez', area: null };
    const codes = { postcode: 'K1A 0B1 ', site: ' mast\t7' };
    expect(locate({ ...noPlace, ...given, ...codes }, null).place).toEqual({
      ...noPlace,
      ...tidy,
      postcode: 'K1A 0B1',
      site: 'mast 7',
    });
  });

  it('knows which of two areas of one name is meant, and does not guess where nothing tells', () => {
    const twins = createLocate(
      readGazetteer(
        gazetteer(`area,region,country,lat,lon,technology,postcode
Springfield,Illinois,US,39.8,-89.6,5G,62701
Springfield,Illinois,US,39.7,-89.7,5G,62702
Springfield,Oregon,US,44.05,-123.02,DSL,97477
`),
      ),
    );
    const at = (given: Partial<Place>) =>
      twins({ ...noPlace, area: 'springfield', ...given }, null);
    const oregon = { region: 'Oregon', country: 'US', lat: 44.05, lon: -123.02 };
    expect(at({ region: 'oregon' })).toMatchObject({
      place: { ...oregon, region: 'oregon', postcode: '97477' },
      technology: 'DSL',
    });
    expect(at({ postcode: '97477' }).place).toMatchObject(oregon);
    expect(at({ lat: 44.06, lon: -123 }).place).toMatchObject({ region: 'Oregon', lat: 44.06 });
    expect(at({ region: 'Illinois' }).place).toMatchObject({ lat: 39.8, postcode: null });
    const unknown = { region: null, lat: null, lon: null, h3: null, postcode: null };
    expect(at({})).toEqual({
      place: { ...noPlace, ...unknown, area: 'Springfield', country: 'US' },
      technology: null,
      isKnownArea: true,
    });
    // Neither is in Ohio, and far from both is nowhere near one.
    expect(at({ region: 'Ohio' }).place).toMatchObject({ ...unknown, region: 'Ohio' });
    expect(at({ lat: 0, lon: 0 }).place).toMatchObject({ region: null, lat: 0, lon: 0 });
  });

  it('takes a name that there is once for it, whatever the source calls its country', () => {
    const { place, isKnownArea } = locate({ ...noPlace, area: 'Hill', country: 'UK' }, null);
    expect(place).toMatchObject({ area: 'Hill', country: 'UK', city: 'Upton', lat: 55.5 });
    expect(isKnownArea).toBe(true);
  });

  it('leaves an unknown place as it is', () => {
    expect(locate({ ...noPlace, postcode: 'XX0' }, null).place).toEqual({
      ...noPlace,
      postcode: 'XX0',
    });
    expect(locate(noPlace, null).place).toEqual(noPlace);
  });
});

describe('a gazetteer with columns of other names', () => {
  const zips =
    'Zip,City,State,Latitude,Longitude,Population\n2134,Boston,Massachusetts,42.3,-71.1,900\n';
  const columns = {
    area: { column: 'zip', pad: { length: 5, with: '0' } },
    postcode: { column: 'zip', pad: { length: 5, with: '0' } },
    region: 'state',
    lat: 'LATITUDE',
    lon: 'longitude',
    subscribers: 'population',
    country: { constant: 'US' },
  };

  it('is read as it is, with what is the same in every line', () => {
    expect(readGazetteer(gazetteer(zips), columns)).toEqual([
      {
        area: '02134',
        postcode: '02134',
        city: 'Boston',
        region: 'Massachusetts',
        country: 'US',
        lat: 42.3,
        lon: -71.1,
        subscribers: 900,
        technology: null,
      },
    ]);
  });

  it('is refused when a column that is named is not there', () => {
    const wrong = { ...columns, subscribers: 'populaton' };
    expect(() => readGazetteer(gazetteer(zips), wrong)).toThrow(
      /"populaton", which normalize.gazetteerColumns names for subscribers, is missing; is "population" meant\?/,
    );
  });

  it.each([
    [{ arae: 'zip' }, 'there is no setting arae'],
    [{ area: 5 }, 'must be the name of a column'],
    [{ area: { column: 'zip', pad: {} } }, 'must be the name of a column'],
    [{ area: { constant: '' } }, 'area.constant: must not be empty'],
  ])('is refused for the setting %j', (gazetteerColumns, says) => {
    expect(() => checkConfig(normalizeConfig, { gazetteerColumns }, 'x.yaml')).toThrow(says);
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
