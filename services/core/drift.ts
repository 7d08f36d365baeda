// What comes in and how it is judged, by the day it was said: whether either drifts away from what a model was made for.
// Counts are plain numbers, tallied per batch and added once the batch stands; metrics read them when they are asked for.
import { Counter, Gauge, type Registry } from 'prom-client';

/** Counts of one day. */
export interface DayCounts {
  /** Insights made. */
  insights: number;
  /** Insights routed to no department, and those that are unsure for some. */
  withoutDepartment: number;
  unsure: number;
  /** Words read, and those of them that the model does not know. */
  tokens: number;
  unknownTokens: number;
  /** By department: insights it received. */
  readonly received: Map<string, number>;
  /** By task and label, joined by a space: insights of which it was said. */
  readonly labels: Map<string, number>;
}

/** One more of a name. Names come from files and models: in an object `constructor` would be there already. */
export function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Counts of one batch by day, as days since the epoch, UTC. */
export type DriftTally = Map<number, DayCounts>;

/** What a model found in its training texts, as shares from 0 to 1. */
export interface Expected {
  /** By task and label: share of the texts. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Share of words that it does not know. */
  readonly unknown: number;
}

export interface DriftMetrics {
  /** A batch stands. */
  judged(tally: DriftTally): void;
  /** What judges from now on; without `expected` for a model that does not tell. */
  judgedBy(model: string, expected: Expected | undefined): void;
}

const dayMs = 86_400_000;
/** Days with a label of their own. */
const mostDays = 8;

/** The counts of the day on which something was said, made when it is the first of that day. */
export function countsOfDay(tally: DriftTally, saidAt: number): DayCounts {
  // Within what a date can hold: senders may write any number.
  const day = Math.max(-1e8, Math.min(1e8, Math.floor(saidAt / dayMs)));
  let counts = tally.get(day);
  if (counts === undefined) tally.set(day, (counts = noCounts()));
  return counts;
}

export interface DriftDays {
  add(tally: DriftTally): void;
  /** By label: `2026-11-22` for the newest eight days, `older` for those before, `later` for days still to come. */
  counts(): Iterable<readonly [label: string, DayCounts]>;
}

/** @param now milliseconds since the epoch. A sender's clock may be wrong: its days to come must not push out real ones. */
export function createDriftDays(now: () => number): DriftDays {
  const days: DriftTally = new Map();
  const older = noCounts();
  const later = noCounts();
  return {
    add(tally) {
      const tomorrow = Math.floor(now() / dayMs) + 1;
      for (const [day, counts] of tally) {
        if (day > tomorrow) addTo(later, counts);
        else addTo(countsOfDay(days, day * dayMs), counts);
      }
      while (days.size > mostDays) {
        const oldest = Math.min(...days.keys());
        addTo(older, days.get(oldest)!);
        days.delete(oldest);
      }
    },
    *counts() {
      for (const [day, counts] of days)
        yield [new Date(day * dayMs).toISOString().slice(0, 10), counts];
      for (const [label, counts] of [
        ['older', older],
        ['later', later],
      ] as const)
        if (!isNone(counts)) yield [label, counts];
    },
  };
}

const counters = [
  ['insights', 'signpost_insights_total', 'Insights made, by the day it was said'],
  [
    'withoutDepartment',
    'signpost_insights_without_department_total',
    'Insights that no department received, by the day it was said',
  ],
  [
    'unsure',
    'signpost_insights_unsure_total',
    'Insights put up for review, by the day it was said',
  ],
  ['tokens', 'signpost_words_read_total', 'Words that the model read, by the day they were said'],
  [
    'unknownTokens',
    'signpost_words_unknown_total',
    'Words that the model does not know, by the day they were said',
  ],
] as const;

/** Registers the metrics of drift. Snapshots of several threads add up; what models expect is the same in all. */
export function createDriftMetrics(registry: Registry, now: () => number): DriftMetrics {
  const days = createDriftDays(now);
  for (const [field, name, help] of counters)
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames: ['day'],
        registers: [],
        collect() {
          this.reset();
          for (const [day, counts] of days.counts()) this.inc({ day }, counts[field]);
        },
      }),
    );
  registry.registerMetric(
    new Counter({
      name: 'signpost_insights_received_total',
      help: 'Insights that a department received, by the day it was said',
      labelNames: ['day', 'department'],
      registers: [],
      collect() {
        this.reset();
        for (const [day, { received }] of days.counts())
          for (const [department, count] of received) this.inc({ day, department }, count);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'signpost_insights_labelled_total',
      help: 'Insights of which something was said, by the day it was said, task and label',
      labelNames: ['day', 'task', 'label'],
      registers: [],
      collect() {
        this.reset();
        for (const [day, { labels }] of days.counts()) {
          for (const [name, count] of labels) {
            const [task, label] = name.split(' ') as [string, string];
            this.inc({ day, task, label }, count);
          }
        }
      },
    }),
  );
  const registers = [registry];
  const shares = new Gauge({
    name: 'signpost_model_expected_share',
    help: 'Share of the training texts with a label, by model and task',
    labelNames: ['model', 'task', 'label'],
    registers,
    aggregator: 'max',
  });
  const unknown = new Gauge({
    name: 'signpost_model_expected_unknown_share',
    help: 'Share of words in training that the model does not know',
    labelNames: ['model'],
    registers,
    aggregator: 'max',
  });
  return {
    judged: (tally) => days.add(tally),
    judgedBy(model, expected) {
      shares.reset();
      unknown.reset();
      if (expected === undefined) return;
      for (const [task, labels] of Object.entries(expected.labels))
        for (const [label, share] of Object.entries(labels))
          shares.set({ model, task, label }, share);
      unknown.set({ model }, expected.unknown);
    },
  };
}

function noCounts(): DayCounts {
  return {
    insights: 0,
    withoutDepartment: 0,
    unsure: 0,
    tokens: 0,
    unknownTokens: 0,
    received: new Map(),
    labels: new Map(),
  };
}

function addTo(all: DayCounts, some: DayCounts): void {
  for (const [field] of counters) all[field] += some[field];
  for (const [from, to] of [
    [some.received, all.received],
    [some.labels, all.labels],
  ] as const)
    for (const [name, count] of from) to.set(name, (to.get(name) ?? 0) + count);
}

function isNone(counts: DayCounts): boolean {
  const isEmpty = counts.received.size + counts.labels.size === 0;
  return isEmpty && counters.every(([field]) => counts[field] === 0);
}
