// Waiting until records are through all stages, and saying so when none goes on because no stage runs.
import { setTimeout as pause } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import type { AnyPipeline } from './cluster-pipeline.ts';
import type { Standing } from './under-way.ts';

const lookMs = 50;
const awayMs = 1_000;
/** Longer than a stage needs to commit, and than its group needs to hand out partitions anew after a clean end. */
const stalledAfterMs = 5_000;

export interface DrainHooks {
  readonly onLeft?: (records: number) => void;
  /** Called once for each stage at which nothing went on for a while. */
  readonly onStalled?: (at: Standing) => void;
  /** Called whenever the cluster could not be asked. */
  readonly onAway?: (why: string) => void;
  /** Monotonic, in milliseconds. */
  readonly clock?: () => number;
}

/** Waits until every record taken in is through the last stage. @throws AbortError when `signal` aborts. */
export async function drain(
  pipeline: Pick<AnyPipeline, 'failed' | 'backlog' | 'standing'>,
  signal: AbortSignal,
  {
    onLeft,
    onStalled = sayStalled,
    onAway = sayAway(),
    clock = () => performance.now(),
  }: DrainHooks = {},
): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const abort = (): void => aborted.reject(new DOMException('Interrupted', 'AbortError'));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  const ends = [pipeline.failed, aborted.promise];
  try {
    let before = '';
    let movedAt = clock();
    let told = '';
    for (let left; (left = await Promise.race([...ends, backlogOf(pipeline, onAway)])) !== 0;) {
      if (left === null) {
        await Promise.race([...ends, pause(awayMs)]);
        continue;
      }
      onLeft?.(left);
      const standing = pipeline.standing?.();
      if (standing !== undefined) {
        const now = `${standing.stage} ${left}`;
        if (now !== before) movedAt = clock();
        else if (clock() - movedAt >= stalledAfterMs && told !== standing.stage) {
          onStalled(standing);
          told = standing.stage;
        }
        before = now;
      }
      await Promise.race([...ends, pause(lookMs)]);
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Null while a cluster is away: what was accepted is durable there, and its services wait for it too. */
async function backlogOf(
  pipeline: Pick<AnyPipeline, 'backlog' | 'standing'>,
  onAway: (why: string) => void,
): Promise<number | null> {
  try {
    return await pipeline.backlog();
  } catch (error) {
    const isAway = error instanceof SignpostError && error.code === 'log-unavailable';
    if (pipeline.standing === undefined || !isAway) throw error;
    onAway(error.message);
    return null;
  }
}

/** Says so the first time. */
function sayAway(): (why: string) => void {
  let isSaid = false;
  return (why) => {
    if (!isSaid) process.stderr.write(`${why}. What was accepted is kept; waiting for it.\n`);
    isSaid = true;
  };
}

function sayStalled({ stage, topics }: Standing): void {
  process.stderr.write(
    `Nothing reads ${topics.join(', ')}, where records wait: start \`signpost run ${stage}\`, or see in its log why ` +
      'it stands. What was accepted is kept; still waiting.\n',
  );
}
