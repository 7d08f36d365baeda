// Judges incidents by the known truth. Pure.
import { placeLevels } from '../../../services/alert/sighting.ts';
import type { Scope } from '../../../services/alert/detect/detection.ts';
import type { FoundIncident, Said } from './found.ts';
import type { Truth } from './outages.ts';
import { hourMs } from './ordinary.ts';

/** An incident that is found later than this after an outage's end is no use; neither is it a false alarm. */
export const graceMs = 2 * hourMs;

export interface Judgement {
  readonly truth: Truth;
  /** The first incident that found it in time. */
  readonly found: FoundIncident | undefined;
  /** From its start to the detection; undefined when it was not found. */
  readonly delayMs: number | undefined;
  /** Levels between where it was and where it was said to be, at the detection and when it was over; positive: too narrow. */
  readonly levelsOff: { readonly atDetection: number; readonly atEnd: number } | undefined;
  /** All incidents that were about it, in time or not. */
  readonly incidents: readonly FoundIncident[];
}

export interface Verdict {
  readonly judgements: readonly Judgement[];
  /** Incidents that are about no truth. */
  readonly falseAlarms: readonly FoundIncident[];
  /** Times that one of them was reopened, which is an alert too. */
  readonly falseReopenings: number;
}

/**
 * An incident is about a truth when they overlap in time, at one branch of places, with a theme in common. Whoever says
 * `all` for a theme means each.
 */
export function judge(truths: readonly Truth[], incidents: readonly FoundIncident[]): Verdict {
  const about = new Set<FoundIncident>();
  const byStart = incidents.toSorted((one, other) => one.detectedAt - other.detectedAt);
  const judgements = truths.map((truth): Judgement => {
    const own = byStart.filter((incident) => isAbout(incident, truth));
    own.forEach((incident) => about.add(incident));
    const found = own.find(({ detectedAt }) => isInTime(detectedAt, truth));
    return {
      truth,
      found,
      delayMs: found && found.detectedAt - truth.startedAt,
      levelsOff: found && {
        atDetection: levelsOff(found.said[0]!, truth),
        atEnd: levelsOff(
          found.said.findLast(({ at }) => at <= truth.endedAt + graceMs)!,
          truth,
        ),
      },
      incidents: own,
    };
  });
  const falseAlarms = incidents.filter((incident) => !about.has(incident));
  return {
    judgements,
    falseAlarms,
    falseReopenings: falseAlarms.reduce((sum, { reopenedAt }) => sum + reopenedAt.length, 0),
  };
}

function isInTime(at: number, { startedAt, endedAt }: Truth): boolean {
  return at >= startedAt && at <= endedAt + graceMs;
}

function isAbout({ startedAt, resolvedAt, said }: FoundIncident, truth: Truth): boolean {
  return (
    startedAt <= truth.endedAt + graceMs &&
    (resolvedAt ?? Infinity) >= truth.startedAt &&
    said.some(
      ({ scope, themes }) =>
        isAtBranch(scope, truth) &&
        themes.some((theme) => theme === 'all' || truth.themes.includes(theme)),
    )
  );
}

/** One country is all there is, so everywhere is that country. */
function depth(level: Scope['level']): number {
  return level === 'everywhere' ? 0 : placeLevels.indexOf(level);
}

function isAtBranch({ level, path }: Scope, { place }: Truth): boolean {
  return placeLevels
    .slice(1, Math.min(depth(level), depth(place.level)) + 1)
    .every((each) => path[each] === place.path[each]);
}

function levelsOff({ scope }: Said, { place }: Truth): number {
  return depth(scope.level) - depth(place.level);
}
