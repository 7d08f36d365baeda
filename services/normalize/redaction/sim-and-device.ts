// Numbers of handsets and SIMs: IMEI (3GPP TS 23.003, 6.2), IMSI (2.2), ICCID (ITU-T E.118).
import { passesLuhn } from './check-digits.ts';
import type { NumberCue } from './number-cues.ts';

/** Mobile country codes in use, ITU-T E.212 (Operational Bulletin 1162), as ranges. */
const countryCodes = [
  [202, 204],
  [206, 206],
  [208, 208],
  [212, 214],
  [216, 216],
  [218, 222],
  [225, 226],
  [228, 228],
  [230, 232],
  [234, 235],
  [238, 238],
  [240, 240],
  [242, 242],
  [244, 244],
  [246, 248],
  [250, 250],
  [255, 255],
  [257, 257],
  [259, 260],
  [262, 262],
  [266, 268],
  [270, 270],
  [272, 272],
  [274, 274],
  [276, 276],
  [278, 278],
  [280, 280],
  [282, 284],
  [286, 286],
  [288, 290],
  [292, 295],
  [297, 297],
  [302, 302],
  [308, 308],
  [310, 316],
  [330, 330],
  [334, 334],
  [338, 338],
  [340, 340],
  [342, 342],
  [344, 344],
  [346, 346],
  [348, 348],
  [350, 350],
  [352, 352],
  [354, 354],
  [356, 356],
  [358, 358],
  [360, 360],
  [362, 366],
  [368, 368],
  [370, 370],
  [372, 372],
  [374, 374],
  [376, 376],
  [400, 402],
  [404, 406],
  [410, 410],
  [412, 422],
  [424, 432],
  [434, 434],
  [436, 438],
  [440, 441],
  [450, 450],
  [452, 452],
  [454, 457],
  [460, 461],
  [466, 467],
  [470, 470],
  [472, 472],
  [502, 502],
  [505, 505],
  [510, 510],
  [514, 515],
  [520, 520],
  [525, 525],
  [528, 528],
  [530, 530],
  [536, 537],
  [539, 555],
  [602, 602],
  [603, 655],
  [657, 659],
  [702, 702],
  [704, 704],
  [706, 706],
  [708, 708],
  [710, 710],
  [712, 712],
  [714, 714],
  [716, 716],
  [722, 722],
  [724, 724],
  [730, 730],
  [732, 732],
  [734, 734],
  [736, 736],
  [738, 738],
  [740, 740],
  [744, 744],
  [746, 746],
  [748, 748],
  [750, 750],
  [901, 901],
] as const;

const imeiGrouping = /^(?:15|16|2-6-6-[12]|6-2-6-[12]|8-6-[12]|14-1|8-7|3-3-3-3-3|5-5-5|2-6-7)$/;
const imsiGrouping = /^(?:15|3-[23]-\d{1,2}|3-[23]-\d-\d(?:-\d)?|3-3-3-3-3|5-5-5)$/;

/** Which of the three the digits are, or undefined. `grouping` gives the group sizes: "2-6-6-1". */
export function deviceType(
  digits: string,
  grouping: string,
  cue: NumberCue,
): 'imei' | 'imsi' | 'iccid' | undefined {
  const size = digits.length;
  if (size === 19 || size === 20) {
    if (!digits.startsWith('89')) return undefined;
    return passesLuhn(digits) || cue === 'iccid' ? 'iccid' : undefined;
  }
  if (size === 16) return cue === 'imei' && imeiGrouping.test(grouping) ? 'imei' : undefined;
  if (size !== 15) return undefined;
  const imsiShaped = imsiGrouping.test(grouping) && hasCountryCode(digits);
  if (cue === 'imsi' && imsiShaped) return 'imsi';
  if (cue === 'imei' && imeiGrouping.test(grouping)) return 'imei';
  if (cue === 'id') return undefined;
  if (passesLuhn(digits) && imeiGrouping.test(grouping) && !/^0{8}/.test(digits)) return 'imei';
  return imsiShaped && grouping === '15' ? 'imsi' : undefined;
}

/** Whether the first three digits are a mobile country code in use. */
export function hasCountryCode(digits: string): boolean {
  const code = Number(digits.slice(0, 3));
  return countryCodes.some(([low, high]) => code >= low && code <= high);
}
