// Which outline of the atlases a country or a state of the data is: by code or by name, as people write either.
import { countryTitle } from '../show/figures.ts';

/** Codes (ISO 3166-1) whose English name is another one in the atlas. */
const ofCode: Readonly<Record<string, string>> = {
  AG: 'Antigua and Barb.',
  AX: 'Åland',
  BA: 'Bosnia and Herz.',
  BL: 'St-Barthélemy',
  CD: 'Dem. Rep. Congo',
  CF: 'Central African Rep.',
  CG: 'Congo',
  CK: 'Cook Is.',
  CV: 'Cabo Verde',
  DO: 'Dominican Rep.',
  EH: 'W. Sahara',
  FK: 'Falkland Is.',
  FO: 'Faeroe Is.',
  GQ: 'Eq. Guinea',
  GS: 'S. Geo. and the Is.',
  HK: 'Hong Kong',
  HM: 'Heard I. and McDonald Is.',
  IO: 'Br. Indian Ocean Ter.',
  KY: 'Cayman Is.',
  LC: 'Saint Lucia',
  MF: 'St-Martin',
  MH: 'Marshall Is.',
  MK: 'Macedonia',
  MM: 'Myanmar',
  MO: 'Macao',
  MP: 'N. Mariana Is.',
  PF: 'Fr. Polynesia',
  PN: 'Pitcairn Is.',
  PS: 'Palestine',
  SB: 'Solomon Is.',
  SH: 'Saint Helena',
  SS: 'S. Sudan',
  TC: 'Turks and Caicos Is.',
  TF: 'Fr. S. Antarctic Lands',
  TR: 'Turkey',
  US: 'United States of America',
  VA: 'Vatican',
  VC: 'St. Vin. and Gren.',
  VG: 'British Virgin Is.',
  VI: 'U.S. Virgin Is.',
  WF: 'Wallis and Futuna Is.',
};

const stateCodes =
  'AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,' +
  'DC District of Columbia,FL Florida,GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,' +
  'KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,' +
  'MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,NY New York,' +
  'NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,OR Oregon,PA Pennsylvania,RI Rhode Island,' +
  'SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,VA Virginia,WA Washington,' +
  'WV West Virginia,WI Wisconsin,WY Wyoming,PR Puerto Rico,GU Guam,AS American Samoa,' +
  'MP Commonwealth of the Northern Mariana Islands,VI United States Virgin Islands';

const states = new Map(
  stateCodes.split(',').flatMap((pair): [string, string][] => {
    const [code, name] = [pair.slice(0, 2), pair.slice(3)];
    return [
      [plain(code), plain(name)],
      [plain(name), plain(name)],
    ];
  }),
);

/** Compared without case, accents and marks. */
export function plain(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replaceAll(/[^a-z ]/g, '')
    .trim();
}

/** The plain name by which the atlas may have a country given as `US`, `USA`, `United States` or the atlas's own. */
export function countryName(given: string): string {
  const code = given.trim().toUpperCase();
  if (code === 'USA' || code === 'UNITED STATES') return plain(ofCode['US']!);
  return plain(ofCode[code] ?? countryTitle(given));
}

/** Null for what is no state, district or territory of the United States. */
export function stateName(given: string): string | null {
  return states.get(plain(given)) ?? null;
}

export function isUnitedStates(country: string): boolean {
  return countryName(country) === plain(ofCode['US']!);
}
