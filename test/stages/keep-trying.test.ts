// What works for as long as a process does: it waits as it is told, tries again later each time, and ends when told to.
import pino from 'pino';
import { expect, it } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { keepTrying } from '#core/keep-trying.ts';

const logger = pino({ level: 'silent' });

/** Works with these answers, one after the other, then is told to end. @returns what was waited for, and the failures told */
async function waitsOf(answers: readonly (number | Error)[]) {
  const end = new AbortController();
  const waits: number[] = [];
  const failures: number[] = [];
  let at = 0;
  const work = async (failed: number): Promise<number> => {
    failures.push(failed);
    const answer = answers[at++]!;
    if (at === answers.length) end.abort();
    if (typeof answer !== 'number') throw answer;
    return answer;
  };
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  await keepTrying(work, { logger, sleep, signal: end.signal });
  return { waits, failures };
}

const away = new SignpostError('store-unavailable', 'The database is away');

it('waits as long as the work says, and not at all for 0', async () => {
  expect(await waitsOf([5, 0, 7])).toEqual({ waits: [5, 7], failures: [0, 0, 0] });
});

it('waits longer after each failure, half a minute at most, and begins anew after a success', async () => {
  const { waits, failures } = await waitsOf([...Array.from({ length: 8 }, () => away), 1, away]);
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 1, 500]);
  expect(failures).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
});

it('throws a bug', async () => {
  await expect(waitsOf([1, new TypeError('a bug')])).rejects.toThrow('a bug');
});
