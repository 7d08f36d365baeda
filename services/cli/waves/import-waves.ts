// `signpost waves import`: a CSV file of planned and finished rollout.
import { readFileSync, statSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import { flawText, type Flaw } from '../../portal/waves/plan.ts';
import { maxPlanBytes, readWaves } from '../../portal/waves/read-waves.ts';
import type { ImportedWaves } from '../../portal/waves/store-waves.ts';
import { many } from '../count.ts';
import type { ImportWavesOptions } from '../commands/waves.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { oneLine, safeText } from '../safe-text.ts';
import { withPlan } from './open-plan.ts';

/** Flaws that are told one by one. */
const mostFlaws = 20;
const mostAreas = 10;

/** @throws SignpostError `plan-invalid` when a line is wrong: then nothing is changed. */
export async function importWavesFile(
  file: string,
  place: LogPlace,
  options: ImportWavesOptions,
): Promise<void> {
  const output = createOutput();
  const bytes = readFile(file);
  const { replace = 'none', dryRun = false } = options;
  // Looked at before a store is opened or made.
  const plan = readWaves(bytes, Date.now());
  if (!plan.ok) throw await refused(file, plan.flaws, options, output);
  const needs = { place, mayMake: true, clock: Date.now, env: process.env, fetch };
  const { done, where } = await withPlan(needs, async (store) => ({
    done: await store.import({ bytes, replace, dryRun }),
    where: store.where,
  }));
  if (!done.ok) throw await refused(file, done.flaws, options, output);
  if (options.json) await output.json({ ...done.imported, where });
  else for (const line of report(done.imported, where, output)) await output.line(line);
}

function readFile(file: string): Uint8Array {
  try {
    if (statSync(file).size > maxPlanBytes) {
      throw new SignpostError(
        'plan-invalid',
        `${file} is too large: a plan has at most ${maxPlanBytes / 1024 / 1024} MiB`,
      );
    }
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof SignpostError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a directory'
          : (code ?? 'unknown');
    throw new SignpostError('data-unreadable', `Cannot read ${file}: ${why}`, { cause });
  }
}

async function refused(
  file: string,
  flaws: readonly Flaw[],
  { json }: ImportWavesOptions,
  output: Output,
): Promise<SignpostError> {
  if (json) await output.json({ flaws });
  const told = flaws.slice(0, mostFlaws).map((flaw) => `  ${flawText(flaw)}`);
  if (flaws.length > told.length) told.push(`  and ${flaws.length - told.length} more`);
  return new SignpostError('plan-invalid', [`${file} is not taken:`, ...told].join('\n'), {
    hint: 'Nothing was changed. docs/rollout.md tells what a plan looks like.',
  });
}

function report(done: ImportedWaves, where: string, { styles, columns }: Output): string[] {
  const { lines, waves, added, changed, unchanged, removed, dryRun } = done;
  const what = dryRun ? 'Would import' : 'Imported';
  const changes = [
    [added, 'added'],
    [changed, 'changed'],
    [unchanged, 'as they were'],
    [removed, 'removed'],
  ] as const;
  const told = changes.filter(([number]) => number > 0).map(([number, how]) => `${number} ${how}`);
  return [
    `${styles.bold(what)} ${many(lines, 'line')} of ${many(waves.length, 'wave')}: ${told.join(', ')}.`,
    ...areaLines(done, styles.yellow, columns),
    ...(done.columnsPassedOver.length === 0
      ? []
      : [`Columns passed over: ${done.columnsPassedOver.map(safeText).join(', ')}.`]),
    styles.dim(oneLine(`${dryRun ? 'Nothing was written to' : 'Written to'} ${where}.`)),
  ];
}

function areaLines(
  { areasChecked, unknownAreas, unknownAreaCount, respelt }: ImportedWaves,
  warn: (text: string) => string,
  columns: number,
): string[] {
  if (!areasChecked)
    return ['Areas were not checked: no gazetteer was read and no signal named an area yet.'];
  const spelt = respelt
    .slice(0, mostAreas)
    .map(({ area, known }) => `  ${safeText(area)} is taken for ${safeText(known)}`);
  if (unknownAreaCount === 0) return spelt;
  const told = unknownAreas.slice(0, mostAreas).map(({ area, line, nearest }) => {
    const meant = nearest === null ? '' : `; is ${safeText(nearest)} meant?`;
    return `  line ${line}: ${safeText(area)}${meant}`.slice(0, Math.max(columns, 60));
  });
  const rest = unknownAreaCount - told.length;
  return [
    ...spelt,
    warn(`${many(unknownAreaCount, 'area')} neither the gazetteer nor any signal knows:`),
    ...told,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}
