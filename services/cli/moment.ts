// A moment as users write it on the command line.
import { SignpostError } from '#core/errors.ts';

/** Milliseconds since the epoch; a time without a zone is UTC. @throws SignpostError `wrong-time` naming the option. */
export function momentOf(option: string, text: string): number {
  const hasTime = text.includes('T');
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text);
  const isDate = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(text);
  const moment = isDate ? Date.parse(hasTime && !hasZone ? `${text}Z` : text) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new SignpostError('wrong-time', `${option} is no date: ${text}`, {
    hint: 'For example 2026-03-01 or 2026-03-01T08:00:00Z.',
  });
}
