// What a replay is asked to do, and with what.
import type { FileAccess } from '../../../archive/read-file.ts';
import type { Config } from '../../config.ts';
import type { LogAt } from '../../open-log.ts';
import type { LogPlace } from '../../options.ts';
import type { Anew } from './judge-anew.ts';
import type { Span } from './plan.ts';

export interface Job {
  readonly place: LogPlace;
  readonly at: LogAt;
  readonly config: Config;
  readonly access: FileAccess;
  readonly span: Span;
  /** Null where what was judged stands. */
  readonly model: Anew | null;
  /** Records a second at most. */
  readonly rate: number | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (does: string, rows: number, all: number) => void;
}
