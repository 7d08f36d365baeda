// Check digits of the number formats: they tell an identifier from any other row of digits.

/** Luhn's sum (ISO/IEC 7812-1, annex B): cards, IMEIs and ICCIDs. `digits` holds ASCII digits only. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  let double = false;
  for (let at = digits.length - 1; at >= 0; at -= 1) {
    let digit = digits.charCodeAt(at) - 48;
    if (double) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
    double = !double;
  }
  return sum % 10 === 0;
}

/** The remainder 1 of ISO 7064 MOD 97-10, as ISO 13616 asks of an IBAN. `iban` without separators. */
export function passesMod97(iban: string): boolean {
  let rest = 0;
  for (let step = 0; step < iban.length; step += 1) {
    const code = iban.charCodeAt((step + 4) % iban.length);
    const value = code <= 57 ? code - 48 : code - 55;
    rest = value > 9 ? (rest * 100 + value) % 97 : (rest * 10 + value) % 97;
  }
  return rest === 1;
}
