// What batches are judged and routed by, kept up with its files while the pipeline runs: a model or a departments file
// that changes is taken up between batches; one that cannot be used leaves what there was, and is told of once.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DriftMetrics } from '#core/drift.ts';
import { SignpostError } from '#core/errors.ts';
import { createFileWatch, type FileFacts } from '#core/file-watch.ts';
import type { Logger } from '#core/logger.ts';
import type { ClassifyConfig } from '../classify/config.ts';
import type { DepartmentsConfig } from '../classify/departments.ts';
import { createJudge, type Judge } from '../classify/judge.ts';
import { loadModel, loadShippedModel, type Model } from '../classify/model.ts';
import { modelUnreadable, readModelFile } from './judgement.ts';

/** What one batch is judged by. Never changed: another one takes its place. */
export interface Judging {
  readonly departments: DepartmentsConfig;
  /** Undefined where no stage judges. */
  readonly judge: Judge | undefined;
  /** The model of `judge`. */
  readonly model: Model | undefined;
}

export interface LiveJudging {
  current(): Judging;
  /** Looks at the files until `signal` aborts; at once back where the configuration names none. Never rejects. */
  watch(signal: AbortSignal): Promise<void>;
}

export interface LiveJudgingParts {
  readonly classify: ClassifyConfig;
  /** As read from `classify` at start. */
  readonly departments: DepartmentsConfig;
  /** Whether a stage judges: else no model is loaded. */
  readonly judges: boolean;
  /** Whether a stage routes. Where none does either, nothing is looked at. */
  readonly routes: boolean;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly factsOf?: (file: string) => Promise<FileFacts | null>;
  /** Called with what is taken up, and at start. */
  readonly onJudging?: (judging: Judging) => void;
}

/** A change is taken up one to two of these after its last write. */
const lookEveryMs = 1_000;

/** @throws SignpostError `model-unreadable`, or `departments-invalid` where the model knows not what they name. */
export function openLiveJudging(parts: LiveJudgingParts): LiveJudging {
  const { classify, departments: listed, judges, routes, logger, sleep } = parts;
  const { onJudging = () => {} } = parts;
  const modelFile = judges ? classify.model : undefined;
  const bytes = modelFile === undefined ? undefined : readModelFile(modelFile);
  let hash = bytes === undefined ? '' : hashOf(bytes);
  let current = judgingOf(
    judges ? (bytes === undefined ? loadShippedModel() : loadModel(bytes)) : undefined,
    listed,
  );
  onJudging(current);
  const names = namesOf(listed);
  let othersTold = '';

  /** Reads the files; what is returned is not taken up yet. @throws SignpostError when they cannot be used */
  async function read(): Promise<{ readonly next: Judging; readonly hash: string }> {
    const fresh = modelFile === undefined ? undefined : await readChanged(modelFile);
    const newHash = fresh === undefined ? '' : hashOf(fresh);
    const departments = await readListed();
    const isModelSame = newHash === hash;
    if (isModelSame && departments === current.departments) return { next: current, hash };
    const model = isModelSame ? current.model : loadModel(fresh!);
    return { next: judgingOf(model, departments), hash: newHash };
  }

  /** The departments file as it is now; as it was where it names others, since streams are made at start. */
  async function readListed(): Promise<DepartmentsConfig> {
    if (classify.departmentsFile === undefined) return current.departments;
    // Loaded here: threads that never see a change need no YAML parser.
    const { readDepartments } = await import('./departments.ts');
    const departments = readDepartments(classify);
    const others = namesOf(departments);
    if (others === names) {
      othersTold = '';
      const isSame = JSON.stringify(departments) === JSON.stringify(current.departments);
      return isSame ? current.departments : departments;
    }
    if (others !== othersTold) {
      logger.warn(
        { departments: others, running: names },
        'The departments file names other departments than at start. Their streams are made at start: restart to take the file up. Until then departments stay as they are.',
      );
      othersTold = others;
    }
    return current.departments;
  }

  function takeUp(next: Judging): void {
    const before = current;
    current = next;
    onJudging(next);
    if (next.model?.version !== before.model?.version)
      logger.warn(
        { model: next.model?.version, before: before.model?.version },
        'Batches from now on are judged by another model',
      );
    if (next.departments !== before.departments)
      logger.warn('Batches from now on are judged and routed by the changed departments file');
  }

  return {
    current: () => current,
    async watch(signal) {
      const departmentsFile = judges || routes ? classify.departmentsFile : undefined;
      const files = [modelFile, departmentsFile].filter((file) => file !== undefined);
      if (files.length === 0) return;
      const watch = createFileWatch(files, parts.factsOf);
      while (!signal.aborted) {
        try {
          const found = await watch.look(read);
          if (found !== undefined) {
            hash = found.hash;
            if (found.next !== current) takeUp(found.next);
          }
        } catch (error) {
          const { code, message } = said(error);
          logger.error(
            { code, files },
            `A changed file cannot be used: ${message}. Batches are judged as before; the files are read again once they change`,
          );
        }
        await sleep(lookEveryMs, signal);
      }
    },
  };
}

/** Tells metrics what the model of a judging expects, as its training found it. */
export function tellExpected(drift: DriftMetrics, { model }: Judging): void {
  if (model === undefined) return;
  const { shares, unknownWords } = model.facts.trained;
  drift.judgedBy(model.version, { labels: shares, unknown: unknownWords });
}

/** A judging that stays as it is: for whoever runs stages for a moment. @throws SignpostError as `openLiveJudging` */
export function fixedJudging(
  parts: Pick<LiveJudgingParts, 'classify' | 'departments' | 'judges' | 'routes'>,
): LiveJudging {
  const logger = { warn: () => {}, error: () => {} };
  return openLiveJudging({ ...parts, logger, sleep: () => Promise.resolve() });
}

function judgingOf(model: Model | undefined, departments: DepartmentsConfig): Judging {
  return {
    departments,
    model,
    judge: model === undefined ? undefined : createJudge({ model, departments }),
  };
}

async function readChanged(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw modelUnreadable(file, cause);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function namesOf({ departments }: DepartmentsConfig): string {
  return departments
    .map(({ name }) => name)
    .toSorted()
    .join(', ');
}

/** Whatever a file brings about must not end the pipeline. */
function said(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof SignpostError) return { code: error.code, message: error.message };
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}
