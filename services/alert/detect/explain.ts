// As few incidents as explain what alarms: the best place first, what it explains taken out, the next one, until nothing
// is left. An incident that stands may turn out to be wider, or narrower, than it seemed.
import { explanationOf, type Alarm, type AlarmOptions } from './alarms.ts';
import { expectedByTheme } from './expected.ts';
import { root } from './places.ts';
import { aboveOf, isAlone, isRecent, mergedBy, widened } from './relate.ts';
import { onsetOf, productOf, scoreOf, type Scene, type Score, type Window } from './scan.ts';
import { createStanding, recount, type Standing } from './standing.ts';

export interface Explanation {
  readonly began: readonly Standing[];
  readonly moved: readonly Standing[];
  readonly reopened: readonly Standing[];
  /** Ended because another one explains them too. */
  readonly merged: readonly Standing[];
}

/** An incident explains an alarm by so much log likelihood at least, though a test of one product may see more in it. */
const leastScore = 5;
/** More is a sign that something else is wrong; the rest waits for the next bucket. */
const mostAtOnce = 40;

export interface ExplainOptions extends AlarmOptions {
  /** When what is decided now was detected, milliseconds since the epoch. */
  readonly detectedAt: number;
}

/** @param standing those that stand and those that are over for less than a few days; new ones are added */
export function explain(
  scene: Scene,
  alarms: readonly Alarm[],
  standing: Standing[],
  options: ExplainOptions,
): Explanation {
  const changes = {
    began: new Set<Standing>(),
    moved: new Set<Standing>(),
    reopened: new Set<Standing>(),
    merged: new Set<Standing>(),
  };
  let left = alarms;
  for (let round = 0; round < mostAtOnce; round += 1) {
    left = unexplained(scene, left, standing, options, changes.reopened);
    const best = bestOf(scene, left, standing, options.minCustomers);
    if (best === undefined) break;
    const { alarm, score } = best;
    // What is left of an alarm once all that is known is taken out may be next to nothing.
    if (score.score < leastScore && !alarm.isDrift) break;
    const wider = widened(scene, score, standing, options.minCustomers);
    const above = aboveOf(scene, score, standing);
    if (wider !== undefined) {
      move(wider.incident, wider.score, scene);
      changes.moved.add(wider.incident);
      for (const merged of mergedBy(wider.incident, scene, standing)) changes.merged.add(merged);
    } else if (above !== undefined && isAlone(scene, above, score.node)) {
      move(above, score, scene);
      changes.moved.add(above);
    } else {
      const begun = begin(scene, score, alarm, options);
      standing.push(begun);
      changes.began.add(begun);
    }
    // What explained something must explain the alarm it was found by, or it would be found again and again.
    left = left.filter((each) => each !== alarm);
  }
  const { began, moved, reopened, merged } = changes;
  // What began and turned out to be a part of another at once has never been.
  for (const each of merged) if (began.has(each)) standing.splice(standing.indexOf(each), 1);
  return {
    began: [...began].filter((each) => !merged.has(each)),
    moved: [...moved].filter((each) => !began.has(each) && !merged.has(each)),
    reopened: [...reopened],
    merged: [...merged].filter((each) => !began.has(each)),
  };
}

/** Alarms that nothing explains. Incidents that rise again are reopened first, since they count again then. */
function unexplained(
  scene: Scene,
  alarms: readonly Alarm[],
  standing: readonly Standing[],
  options: AlarmOptions,
  reopened: Set<Standing>,
): readonly Alarm[] {
  const before = reopened.size;
  const left = alarms.filter((alarm) => {
    const explained = explanationOf(scene, alarm, standing, options);
    if (explained === 'yes' || explained === 'no') return explained === 'no';
    reopen(explained.reopens, scene);
    reopened.add(explained.reopens);
    return false;
  });
  return reopened.size === before ? left : unexplained(scene, alarms, standing, options, reopened);
}

/** The best place, over all places with an alarm at or below them and the windows of the alarms. */
function bestOf(
  scene: Scene,
  alarms: readonly Alarm[],
  standing: readonly Standing[],
  minCustomers: number,
): { readonly alarm: Alarm; readonly score: Score } | undefined {
  const { parents } = scene.series.places;
  const taken = standing.filter((each) => isRecent(scene, each));
  const candidates = new Map<string, { alarm: Alarm; node: number; buckets: Window }>();
  for (const alarm of alarms)
    for (let node = alarm.node; node >= root; node = parents[node]!) {
      const key = `${node}/${alarm.buckets}`;
      if (!candidates.has(key)) candidates.set(key, { alarm, node, buckets: alarm.buckets });
    }
  let best: { alarm: Alarm; score: Score } | undefined;
  for (const { alarm, node, buckets } of candidates.values()) {
    const score = scoreOf(scene, node, buckets, minCustomers, taken);
    if (score === undefined) continue;
    // Of places that explain equally well, the narrower says more.
    const isBetter =
      best === undefined ||
      score.score > best.score.score + 1e-6 ||
      (score.score > best.score.score - 1e-6 && node > best.score.node);
    if (isBetter) best = { alarm, score };
  }
  return best;
}

/** Buckets: of the day that is looked at for an onset, nearly all. */
const longestOnset = 88;

function begin(scene: Scene, score: Score, alarm: Alarm, { detectedAt }: ExplainOptions): Standing {
  const { series, recent, bucket } = scene;
  const onset = onsetOf(scene, score);
  // What has risen for longer than the day that is looked at began when its counts came to stay above what is usual.
  const isLonger = alarm.isDrift && bucket - onset > longestOnset;
  const startBucket = isLonger ? series.columns.driftSince[alarm.number]! : onset;
  const standing = createStanding(
    series,
    recent,
    {
      node: score.node,
      themes: score.themes,
      product: productOf(scene, score),
      startBucket,
      detectedAt,
      pValue: alarm.tail,
    },
    bucket,
  );
  expectSince(scene, standing);
  return standing;
}

const bucketsPerWeek = 7 * 96;

function expectSince(scene: Scene, standing: Standing): void {
  const buckets = Math.min(bucketsPerWeek, scene.bucket - standing.startBucket + 1);
  standing.expected.clear();
  for (const [theme, mean] of expectedByTheme(scene, standing, buckets))
    standing.expected.set(theme, mean);
}

function move(incident: Standing, { node, themes }: Score, scene: Scene): void {
  incident.node = node;
  incident.themes = [...themes];
  incident.product = 0;
  incident.startBucket = Math.min(
    incident.startBucket,
    onsetOf(scene, { node, themes: [...themes] }),
  );
  recount(incident, scene.recent, scene.bucket);
  expectSince(scene, incident);
}

function reopen(incident: Standing, scene: Scene): void {
  if (incident.endBucket === null) return;
  incident.endBucket = null;
  incident.resolvedAt = null;
  incident.reopened += 1;
  incident.heldBy = [];
  // With what was seen since it seemed to be over.
  recount(incident, scene.recent, scene.bucket);
  expectSince(scene, incident);
}
