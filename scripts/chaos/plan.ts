// When a storm strikes what: drawn from the seed alone, before anything runs.
export const faultNames = ['kill', 'join', 'leave', 'pause', 'broker', 'database'] as const;
export type FaultName = (typeof faultNames)[number];

export interface Strike {
  /** When this part of the events was acknowledged: a slow machine has the same storm, and it ends with the sending. */
  readonly at: number;
  readonly fault: FaultName;
  /** Which of those that could be struck; 0 ≤ x < 1. */
  readonly whom: number;
  /** How long it stays so, as a part of what is usual; 0 ≤ x < 1. */
  readonly howLong: number;
}

export interface PlanOptions {
  readonly kills: number;
  /** Hard restarts of brokers. */
  readonly restarts: number;
  /** Joins and leaves, in turn. */
  readonly joins: number;
  /** SIGSTOP beyond the session. */
  readonly pauses: number;
  /** Kills of the database. */
  readonly databaseKills: number;
}

/** Every fault at a moment of its own, in order; some events come before the first and after the last. */
export function planOf(options: PlanOptions, random: () => number): readonly Strike[] {
  const { kills, restarts, joins, pauses, databaseKills } = options;
  const faults: FaultName[] = [
    ...Array<FaultName>(kills).fill('kill'),
    ...Array<FaultName>(restarts).fill('broker'),
    ...Array.from({ length: joins }, (_, i): FaultName => (i % 2 === 0 ? 'join' : 'leave')),
    ...Array<FaultName>(pauses).fill('pause'),
    ...Array<FaultName>(databaseKills).fill('database'),
  ];
  const strikes = faults.map((fault) => ({
    at: 0.05 + 0.92 * random(),
    fault,
    whom: random(),
    howLong: random(),
  }));
  return strikes.toSorted((a, b) => a.at - b.at);
}
