// The detector: a fold over slices of sightings. Read this file for the way of a slice; the same slices give the same
// incidents, whatever the order of arrival within them, and whether or not it was begun anew from a snapshot.
import { deserialize, serialize } from 'node:v8';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { SignpostError } from '#core/errors.ts';
import { alarmsOf, driftsOf, type AlarmOptions } from './alarms.ts';
import { createBaseline, learn, type Baseline } from './baseline.ts';
import { chartOf } from './chart.ts';
import {
  bucketMs,
  type Change,
  type CountsAgainstExpected,
  type Detector,
  type DetectorOptions,
  type DetectorSlice,
  sliceMs,
} from './detection.ts';
import { takeDriftOut } from './drift.ts';
import { explain } from './explain.ts';
import { solveLevel } from './levels.ts';
import { isWithin } from './places.ts';
import { beginBucket, createRecent, takeSlice, touchedIn, type Recent } from './recent.ts';
import { expectOn, goOn, recovers } from './recovery.ts';
import type { Scene } from './scan.ts';
import { createSeries, holds, trimmedSeries, type Series } from './series.ts';
import type { Sighting } from '../sighting.ts';
import { createSources, learnSources, seenShare, takeSources, type Sources } from './silence.ts';
import { incidentOf, type Standing } from './standing.ts';

interface State {
  readonly release: number;
  /** Numbers of buckets since the epoch; undefined before the first. */
  first: number | undefined;
  last: number;
  /** Start of the slice that comes next, and what was said in those before it of the last bucket. */
  next: number;
  filling: Sighting[];
  readonly series: Series;
  readonly baseline: Baseline;
  readonly recent: Recent;
  readonly sources: Sources;
  /** Those that stand, and those that are over but still in some window. */
  standing: Standing[];
  /** Per-test level, and the number of series it was solved for: those old enough to be tested; 0 before it is. */
  level: number;
  solvedFor: number;
}

/** Of what it finds and of `State`: what another one left cannot be gone on from. */
export const detectorRelease = 6;
const bucketsPerDay = 96;
/** Over for longer than this, an incident is in no window any more, not even in that of the EWMA. */
const keptBuckets = 8 * bucketsPerDay;
/** While an incident stands its series learn nothing, for so long at most. */
const frozenBuckets = 7 * bucketsPerDay;

export function createDetector(options: DetectorOptions): Detector {
  return detectorOf(options, {
    release: detectorRelease,
    first: undefined,
    last: 0,
    next: 0,
    filling: [],
    series: createSeries(),
    baseline: createBaseline(),
    recent: createRecent(),
    sources: createSources(),
    standing: [],
    level: 0,
    solvedFor: 0,
  });
}

/** @throws SignpostError `snapshot-unknown` where it is of another release: then sightings are to be gone through anew. */
export function restoreDetector(options: DetectorOptions, snapshot: Uint8Array): Detector {
  const state = deserialize(zstdDecompressSync(snapshot)) as State;
  if (state.release !== detectorRelease)
    throw new SignpostError('snapshot-unknown', 'The detector was stored by another release');
  return detectorOf(options, state);
}

function detectorOf(options: DetectorOptions, state: State): Detector {
  const { series, baseline, recent, sources } = state;
  const { places } = series;
  const families = new Map(
    Object.entries(options.families ?? {}).flatMap(([family, themes]) =>
      themes.map((theme) => [theme, family] as const),
    ),
  );
  const warmUp = options.warmUpDays * bucketsPerDay;
  const sceneAt = (bucket: number): Scene => ({ series, baseline, recent, bucket });

  /** Places, themes and products that are known for long enough, by the place above: a new one is news, not a rise. */
  const isTested = (number: number): boolean => isTestedAt(number, state.last);

  function isTestedAt(number: number, bucket: number): boolean {
    const { node, theme, product } = series.columns;
    const above = Math.max(0, places.parents[node[number]!]!);
    const isOld = (born: number): boolean => bucket - born >= warmUp;
    return (
      isOld(series.bornNodes[above]!) &&
      (theme[number] === 0 || isOld(series.bornThemes[theme[number]!]!)) &&
      (product[number] === 0 || isOld(series.bornProducts[product[number]!]!))
    );
  }

  function step({ start, sightings }: DetectorSlice): readonly Change[] {
    const bucket = Math.floor(start / bucketMs);
    const begins = start % bucketMs === 0;
    const ends = (start + sliceMs) % bucketMs === 0;
    if (state.first === undefined ? !begins : start !== state.next)
      throw new Error(`A slice of ${start} does not follow: ${state.next} is next`);
    state.first ??= bucket;
    state.last = bucket;
    state.next = start + sliceMs;
    const scene = sceneAt(bucket);
    const age = bucket - state.first;
    const isSettled = age >= Math.min(7 * bucketsPerDay, warmUp / 2);
    if (begins) beginBucket(recent, series, bucket);
    const seen = takeSlice(recent, series, bucket, sightings, families);
    state.filling = state.filling.concat(sightings);
    const endsHour = ends && bucket % 4 === 3;
    if (ends) {
      takeSources(sources, bucket, state.filling, isSettled);
      state.filling = [];
      if (endsHour && age >= bucketsPerDay + 3) learnHour(bucket, isSettled);
    }
    if (age < warmUp) return [];
    if (state.level === 0 || (ends && bucket % bucketsPerDay === 0)) solve(bucket);

    const at = start + sliceMs + options.latenessMs;
    const stands = state.standing.filter(({ endBucket }) => endBucket === null);
    if (begins) for (const each of stands) expectOn(scene, each);
    const wentOn = stands.filter((each) => goOn(scene, each, seen));
    const alarmOptions: AlarmOptions = { ...options, level: state.level, isTested };
    const alarms = alarmsOf(scene, touchedIn(recent, bucket), alarmOptions);
    if (endsHour) alarms.push(...driftsOf(scene, alarmOptions));
    const explanation = explain(scene, alarms, state.standing, { ...alarmOptions, detectedAt: at });
    const resolved = state.standing.filter(
      (each) =>
        ends &&
        each.endBucket === null &&
        !explanation.began.includes(each) &&
        !explanation.reopened.includes(each) &&
        recovers(scene, each, sources),
    );
    for (const each of [...resolved, ...explanation.merged]) settle(each, bucket);
    state.standing = state.standing.filter(
      ({ endBucket }) => endBucket === null || bucket - endBucket < keptBuckets,
    );
    const told = new Set([
      ...explanation.began,
      ...explanation.moved,
      ...explanation.reopened,
      ...explanation.merged,
      ...resolved,
    ]);
    const changes = (kind: Change['kind'], of: readonly Standing[]): Change[] =>
      of.map((each) => ({ kind, at, incident: incidentOf(each, series) }));
    return [
      ...changes('began', explanation.began),
      ...changes('reopened', explanation.reopened),
      ...changes('widened', explanation.moved),
      ...changes('resolved', [...explanation.merged, ...resolved]),
      ...changes(
        'went-on',
        wentOn.filter((each) => !told.has(each)),
      ),
    ];
  }

  function learnHour(bucket: number, isSettled: boolean): void {
    const hour = {
      ended: Math.floor(bucket / 4),
      learnt: Math.floor((bucket - bucketsPerDay) / 4),
      isSettled,
    };
    const from = hour.learnt * 4;
    const frozenBy = state.standing.filter(
      ({ startBucket, endBucket }) =>
        startBucket < from + 4 &&
        (endBucket === null || endBucket >= from) &&
        from - startBucket < frozenBuckets,
    );
    const { node, theme } = series.columns;
    const isFrozen = (number: number): boolean =>
      frozenBy.some(
        (each) =>
          each.themes.some((of) => holds(series, theme[number]!, of)) &&
          isWithin(places, node[number]!, each.node),
      );
    learn(baseline, series, {
      ...hour,
      seen: seenShare(sources, bucket - bucketsPerDay),
      isFrozen: frozenBy.length === 0 ? () => false : isFrozen,
    });
    learnSources(sources, hour);
  }

  function solve(bucket: number): void {
    // It holds for a day, in which others become old enough.
    const isTestedThen = (number: number): boolean => isTestedAt(number, bucket + bucketsPerDay);
    const hour = Math.floor(bucket / 4);
    state.level = solveLevel(baseline, series, { ...options, isTested: isTestedThen, hour });
    state.solvedFor = 0;
    for (let number = 0; number < series.size; number += 1)
      if (isTestedThen(number)) state.solvedFor += 1;
  }

  /** What an incident explained is no drift once it is over. */
  function settle(ended: Standing, bucket: number): void {
    ended.endBucket ??= bucket;
    ended.resolvedAt ??= state.next;
    takeDriftOut(series, ended);
  }

  function counts(id: string, buckets: number): readonly CountsAgainstExpected[] {
    const incident = state.standing.find((each) => each.id === id);
    if (incident === undefined) return [];
    return chartOf(sceneAt(state.last), incident, { most: buckets, until: state.next });
  }

  return {
    step,
    counts,
    incidents: () => state.standing.map((each) => incidentOf(each, series)),
    seriesTested: () => state.solvedFor,
    silentSources: () => [...sources.silent].toSorted(),
    // Most of it is zeros, and a database on one machine takes bytes as text of twice the length.
    snapshot: () => zstdCompressSync(serialize(trimmed(state))),
  };
}

function trimmed(state: State): State {
  const { series, sources } = state;
  return {
    ...state,
    series: trimmedSeries(series),
    sources: { ...sources, series: trimmedSeries(sources.series) },
  };
}
