// Names of places, so that two which look alike are one. Pure.

/** Nothing of it can be untidy: quicker to see than to mend, and so are nearly all. */
const isTidy = /^[!-~]+(?: [!-~]+)*$/;

/** In one form of Unicode (NFC), with one space between words and none around them. Letters keep their case. */
export function tidyName(name: string): string {
  return isTidy.test(name) ? name : name.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
}
