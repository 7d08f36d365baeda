// Waiting for stages that run elsewhere: patient, but never in silence, and ended by Ctrl-C whatever is asked meanwhile.
import { expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { drain } from '../../services/cli/drain.ts';
import type { Standing } from '../../services/cli/under-way.ts';

const never = new Promise<never>(() => {});
const normalize: Standing = { stage: 'normalize', topics: ['posts.published.v1'] };
const classify: Standing = { stage: 'classify', topics: ['signals.normalized.v1'] };

/** Looks, 2 s apart, and what is told at each. */
async function told(looks: readonly (readonly [number, Standing])[]): Promise<string[]> {
  const says: string[] = [];
  let look = -1;
  const pipeline = {
    failed: never,
    backlog: () => Promise.resolve(looks[(look += 1)]?.[0] ?? 0),
    standing: () => looks[look]?.[1],
  };
  const clock = (): number => look * 2_000;
  const onStalled = ({ stage }: Standing): number => says.push(`${look} ${stage}`);
  await drain(pipeline, new AbortController().signal, { clock, onStalled });
  return says;
}

test('a stage at which nothing goes on for 5 s is named, once', async () => {
  expect(await told(Array.from({ length: 8 }, () => [2, normalize]))).toEqual(['3 normalize']);
});

test('so is the next one, when the first went on', async () => {
  const first = Array.from({ length: 5 }, () => [2, normalize] as const);
  const second = Array.from({ length: 5 }, () => [2, classify] as const);
  expect(await told([...first, ...second])).toEqual(['3 normalize', '8 classify']);
});

test('stages that go on, however slowly, are not complained of', async () => {
  expect(await told([9, 9, 8, 8, 7, 7, 6, 6, 5].map((left) => [left, normalize]))).toEqual([]);
});

test('stages of this process need no advice', async () => {
  let left = 8;
  let now = 0;
  const pipeline = { failed: never, backlog: () => Promise.resolve((left -= 1) > 0 ? 3 : 0) };
  const onStalled = (): never => expect.unreachable();
  await drain(pipeline, new AbortController().signal, { clock: () => (now += 9_000), onStalled });
});

test('Ctrl-C ends the waiting also while the log does not answer', async () => {
  const controller = new AbortController();
  const waiting = drain({ failed: never, backlog: () => never }, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});

test('a cluster that goes away meanwhile is waited for', async () => {
  const away = new SignpostError('log-unavailable', 'No broker answers');
  const answers = [() => Promise.reject(away), () => Promise.resolve(0)];
  const says: string[] = [];
  const onAway = (why: string): number => says.push(why);
  const pipeline = { failed: never, backlog: () => answers.shift()!(), standing: () => undefined };
  await drain(pipeline, new AbortController().signal, { onAway });
  expect(says).toEqual(['No broker answers']);

  const own = { failed: never, backlog: () => Promise.reject(away) };
  await expect(drain(own, new AbortController().signal, { onAway })).rejects.toBe(away);
});

test('what fails is thrown', async () => {
  const failed = Promise.reject(new Error('disk full'));
  const waiting = drain({ failed, backlog: () => never }, new AbortController().signal);
  await expect(waiting).rejects.toThrow('disk full');
});
