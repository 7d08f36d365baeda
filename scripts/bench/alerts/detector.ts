// Signpost's detector on a run, as it is configured by default.
import { alertConfig } from '../../../services/alert/config.ts';
import { createDetector } from '../../../services/alert/detect/detector.ts';
import { bucketMs, type Detector } from '../../../services/alert/detect/detection.ts';
import { createIncidentLog, type FoundIncident } from './found.ts';
import { dayMs } from './ordinary.ts';
import { latenessMs, slicesIn, type Run } from './runs.ts';

export interface DetectorRun {
  readonly incidents: readonly FoundIncident[];
  readonly seriesTested: number;
  /** Milliseconds that each slice took. */
  readonly stepMs: readonly number[];
}

export interface DetectorRunOptions {
  readonly budgetPerWeek: number;
  readonly minCustomers: number;
}

const { themeFamilies: families } = alertConfig.parse({});

/** @param progress told the part that is done, 0..1, now and then */
export function runDetector(
  run: Run,
  options: DetectorRunOptions,
  progress: (part: number) => void,
): DetectorRun {
  const warmUpDays = (run.warmUpBuckets * bucketMs) / dayMs;
  const detector: Detector = createDetector({ ...options, warmUpDays, latenessMs, families });
  const log = createIncidentLog();
  const stepMs: number[] = [];
  let done = 0;
  for (const bucket of run.stream()) {
    for (const slice of slicesIn(bucket)) {
      const before = performance.now();
      log.take(detector.step(slice));
      stepMs.push(performance.now() - before);
    }
    done += 1;
    if (done % 672 === 0) progress(done / run.buckets);
  }
  return { incidents: log.incidents(), seriesTested: detector.seriesTested(), stepMs };
}
