// Whether the stages of this process still sit in their consumer groups, by what the log tells: a consumer that stopped
// holds nothing until it has joined anew. With more copies than partitions, a seat without partitions is a seat.
import type { LogMetrics } from '#core/telemetry.ts';

export interface Seats {
  /** For the log; everything goes on to `metrics`. */
  readonly events: LogMetrics;
  /** A sentence why `group` has no seat at present, or null. */
  lost(group: string): string | null;
}

export function createSeats(metrics: LogMetrics): Seats {
  const lost = new Set<string>();
  return {
    events: {
      rebalanced(group) {
        lost.delete(group);
        metrics.rebalanced(group);
      },
      restarted(group, why) {
        lost.add(group);
        metrics.restarted(group, why);
      },
    },
    lost: (group) => (lost.has(group) ? 'It is joining its group again.' : null),
  };
}
