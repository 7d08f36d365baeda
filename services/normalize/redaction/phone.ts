// Phone numbers: libphonenumber's rules for the default region and for '+' numbers. The full metadata
// is needed: the small one takes any ten digits from 2 on for a US number, ticket numbers included.
import { SignpostError } from '#core/errors.ts';
import {
  getCountryCallingCode,
  isSupportedCountry,
  isValidPhoneNumber,
} from 'libphonenumber-js/max';
import type { NumberCue } from './number-cues.ts';

export interface PhoneCandidate {
  readonly digits: string;
  /** Sizes of the groups: "3-3-4". */
  readonly grouping: string;
  readonly plus: boolean;
  readonly cue: NumberCue;
}

/**
 * Validations allowed for one text. What comes after is judged by its shape alone and rather
 * redacted than kept, so that a hostile text costs bounded time and cannot buy its way out.
 */
const maxValidations = 400;

/** Wider than the plan (an exchange may not begin with 1): so written it is a phone number, or a typo of one. */
const northAmerican = /^1?[2-9]\d{2}[1-9]\d{6}$/;

/** The rules for one region. The returned function is to be made anew for every text. */
export function createPhoneRules(region: string): () => (candidate: PhoneCandidate) => boolean {
  if (!isSupportedCountry(region)) {
    throw new SignpostError(
      'config-invalid',
      `normalize.phoneRegion: ${region} is no country code that phone numbers have.`,
      {
        hint: 'Use an ISO 3166-1 code such as US, DE or KE.',
      },
    );
  }
  const callingCode = getCountryCallingCode(region);
  return () => {
    let validations = 0;
    const valid = (number: string): boolean => {
      validations += 1;
      return validations > maxValidations || isValidPhoneNumber(number, region);
    };
    return ({ digits, grouping, plus, cue }) => {
      const size = digits.length;
      if (size > 15 || size < 7 || /^(\d)\1+$/.test(digits)) return false;
      const groups = grouping.split('-');
      if (groups.length > 6 && groups.length !== size) return false;
      if (plus) return size >= 8 && (cue === 'phone' || valid(`+${digits}`));
      if (/^(?:00|011)[1-9]/.test(digits) && size >= 10 && groups.length > 0) {
        const international = digits.replace(/^(?:00|011)/, '');
        if (international.length >= 8 && valid(`+${international}`)) return true;
      }
      const bare = groups.length === 1;
      if (cue === 'id' || cue === 'version') {
        // "account 212-555-0123" is written as a phone number is, whatever the word before says.
        return (
          !bare &&
          callingCode === '1' &&
          /^(?:1-)?3-3-4$/.test(grouping) &&
          northAmerican.test(digits)
        );
      }
      if (
        callingCode === '1' &&
        !bare &&
        /^(?:1-)?3-3-4$/.test(grouping) &&
        northAmerican.test(digits)
      )
        return true;
      if (cue === 'phone') {
        if (callingCode === '1' && size === 7)
          return grouping === '3-4' || (bare && /^[2-9]/.test(digits));
        if (size >= 9 && size <= 13 && !/^(?:19|20)\d{6}$/.test(digits)) return true;
        return valid(digits);
      }
      if (bare && size < 9) return false;
      // Groups of a national number hold two digits or more, but for a trunk '0' or a leading '1'.
      if (groups.length !== size && groups.slice(1).some((group) => group === '1')) return false;
      if (callingCode === '1' && !(size === 10 ? /^[2-9]/ : /^1[2-9]/).test(digits)) return false;
      if (
        callingCode === '1' &&
        !bare &&
        groups.length !== size &&
        !/^(?:1-)?(?:3-3-4|3-7|6-4|3-3-2-2)$/.test(grouping)
      )
        return false;
      return valid(digits);
    };
  };
}
