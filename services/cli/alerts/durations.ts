// How long, as users write it on the command line.
import { InvalidArgumentError } from 'commander';

const unitMinutes = { m: 1, h: 60, d: 24 * 60 } as const;

/** `90m`, `2h` or `3d` in minutes. @throws InvalidArgumentError, which commander tells with the option's name */
export function minutesOf(text: string): number {
  const [, digits, unit] = /^(\d{1,5})([mhd])$/.exec(text.trim()) ?? [];
  const minutes = Number(digits) * (unitMinutes[unit as keyof typeof unitMinutes] ?? Number.NaN);
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError('It must be minutes, hours or days, like 90m, 2h or 3d.');
}
