// Text as senders may write it, for the zod schemas of all that takes records in: bounded, without what breaks readers.
import { z } from 'zod';
import { because } from './refusal.ts';

export const badCharacters = because(
  'invalid-characters',
  'must not contain NUL or half a surrogate pair',
);
export const badIdentifier = because(
  'invalid-characters',
  'must not contain control characters or half a surrogate pair',
);
const controls = /[\u0000-\u001f\u007f-\u009f]/;

export function isText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

export function isIdentifier(value: string): boolean {
  return value.isWellFormed() && !controls.test(value);
}

/** Words, which may be left out. @param maxLength in UTF-16 code units. */
export function textUpTo(maxLength: number) {
  return z.string().max(maxLength).refine(isText, badCharacters).nullish();
}

/** True when nothing was said: absent, null, or only white space. */
export function isBlank(value: string | null | undefined): boolean {
  return value === undefined || value === null || value.trim() === '';
}

/** What the sender says, or null. */
export function stated(value: string | null | undefined): string | null {
  return isBlank(value) ? null : (value ?? null);
}
