// Waiting until records are through all stages, and saying so when none goes on because no stage runs.
import { setTimeout as pause } from 'node:timers/promises';
import type { AnyPipeline } from './cluster-pipeline.ts';
import type { Standing } from './under-way.ts';

const lookMs = 50;
/** Longer than a stage needs to commit, and than its group needs to hand out partitions anew after a clean end. */
const stalledAfterMs = 5_000;

export interface DrainHooks {
  readonly onLeft?: (records: number) => void;
  /** Called once for each stage at which nothing went on for a while. */
  readonly onStalled?: (at: Standing) => void;
  /** Monotonic, in milliseconds. */
  readonly clock?: () => number;
}

/** Waits until every record taken in is through the last stage. @throws AbortError when `signal` aborts. */
export async function drain(
  pipeline: Pick<AnyPipeline, 'failed' | 'backlog' | 'standing'>,
  signal: AbortSignal,
  { onLeft, onStalled = sayStalled, clock = () => performance.now() }: DrainHooks = {},
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
    for (let left; (left = await Promise.race([...ends, pipeline.backlog()])) > 0;) {
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

function sayStalled({ stage, topics }: Standing): void {
  process.stderr.write(
    `Nothing reads ${topics.join(', ')}, where records wait: start \`signpost run ${stage}\`, or see in its log why ` +
      'it stands. What was accepted is kept; still waiting.\n',
  );
}
