// Incidents as they are judged: what was said of them, and when. Made of a detector's changes, or of a rival's alarms.
import type { Change, Scope } from '../../../services/alert/detect/detection.ts';

export interface FoundIncident {
  readonly id: string;
  readonly startedAt: number;
  readonly detectedAt: number;
  /** Null: it stands at the end of the run. */
  readonly resolvedAt: number | null;
  /** Where and what it was said to be, in order of time; the first at its detection. */
  readonly said: readonly Said[];
  /** When it was reopened. */
  readonly reopenedAt: readonly number[];
  /** When it was resolved, each time. */
  readonly resolutions: readonly number[];
}

export interface Said {
  readonly at: number;
  readonly scope: Scope;
  readonly themes: readonly string[];
}

export interface IncidentLog {
  take(changes: readonly Change[]): void;
  /** In order of their detection. */
  readonly incidents: () => readonly FoundIncident[];
}

/** Follows a detector's changes. */
export function createIncidentLog(): IncidentLog {
  const byId = new Map<string, FoundIncident>();
  return {
    take: (changes) => {
      for (const { kind, at, incident } of changes) {
        const { id, scope, themes, startedAt, detectedAt, resolvedAt } = incident;
        const before = byId.get(id);
        const isNews = before === undefined || kind === 'widened';
        byId.set(id, {
          id,
          startedAt,
          detectedAt: before?.detectedAt ?? detectedAt,
          resolvedAt,
          said: isNews ? [...(before?.said ?? []), { at, scope, themes }] : before.said,
          reopenedAt: [...(before?.reopenedAt ?? []), ...(kind === 'reopened' ? [at] : [])],
          resolutions: [...(before?.resolutions ?? []), ...(kind === 'resolved' ? [at] : [])],
        });
      }
    },
    incidents: () => [...byId.values()],
  };
}
