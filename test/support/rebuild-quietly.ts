// A rebuild of tables with nobody to leave time to and nobody to tell, in small portions.
import type { Plan } from '../../services/cli/archive/replay/plan.ts';
import {
  rebuild,
  type Rebuild,
  type RebuildParts,
} from '../../services/cli/archive/replay/rebuild.ts';

type Needed = Pick<RebuildParts, 'db' | 'access' | 'log' | 'lease' | 'portion'>;

export function rebuildQuietly(
  plan: Plan,
  what: Rebuild,
  parts: Needed,
): ReturnType<typeof rebuild> {
  return rebuild(plan, what, {
    pace: { after: () => Promise.resolve() },
    onProgress: () => {},
    signal: new AbortController().signal,
    settleMs: 0,
    ...parts,
  });
}
