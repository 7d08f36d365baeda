// `signpost waves list` and `signpost waves remove`.
import { SignpostError } from '#core/errors.ts';
import { nearest } from '#core/nearest.ts';
import type { PlannedArea } from '../../portal/waves/plan.ts';
import { wavesOf, type Wave } from '../../portal/queries/wave-plan.ts';
import { many } from '../count.ts';
import type { WavesOptions } from '../commands/waves.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { oneLine, safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { withPlan } from './open-plan.ts';

/** @param wave only this one, area by area */
export async function listPlan(
  wave: string | undefined,
  place: LogPlace,
  options: WavesOptions,
): Promise<void> {
  const needs = { place, mayMake: false, clock: Date.now, env: process.env, fetch };
  const all = await withPlan(needs, (plan) => plan.list());
  const lines = wave === undefined ? all : all.filter((line) => line.wave === wave);
  if (wave !== undefined && lines.length === 0) throw unknownWave(wave, all);
  const output = createOutput();
  if (options.json) {
    for (const line of lines) await output.json(line);
    return;
  }
  if (lines.length === 0) {
    await output.line('No rollout waves yet: `signpost waves import FILE` brings them in.');
    return;
  }
  const shown = wave === undefined ? waveTable(lines, output) : areaTable(lines, output);
  for (const line of shown) await output.line(line);
}

export async function removePlanned(
  wave: string,
  place: LogPlace,
  options: WavesOptions,
): Promise<void> {
  const needs = { place, mayMake: false, clock: Date.now, env: process.env, fetch };
  const { removed, all, where } = await withPlan(needs, async (plan) => {
    const gone = await plan.remove(wave);
    return { removed: gone, all: gone === 0 ? await plan.list() : [], where: plan.where };
  });
  if (removed === 0) throw unknownWave(wave, all);
  const output = createOutput();
  if (options.json) await output.json({ wave, removed, where });
  else
    await output.line(
      oneLine(`Removed wave ${safeText(wave)}, ${many(removed, 'line')}, from ${where}.`),
    );
}

function waveTable(lines: readonly PlannedArea[], { styles }: Output): string[] {
  const head = ['wave', 'technologies', 'areas', 'planned', 'finished'];
  const rows = wavesOf(lines).map((wave) => [
    safeText(wave.wave),
    safeText(wave.technologies.join(', ')),
    String(wave.areas.length),
    wave.plannedOn,
    finished(wave),
  ]);
  return tableLines(head, rows, styles.bold, ['technologies', 'planned', 'finished']);
}

function finished({ areas, finishedOn }: Wave): string {
  if (finishedOn !== null) return finishedOn;
  const done = areas.filter((area) => area.finishedOn !== null).length;
  return done === 0 ? '' : `${done} of ${areas.length} areas`;
}

function areaTable(lines: readonly PlannedArea[], { styles }: Output): string[] {
  const head = ['area', 'technology', 'planned', 'finished'];
  const rows = lines.map(({ area, technology, plannedOn, finishedOn }) => [
    safeText(area),
    safeText(technology),
    plannedOn,
    finishedOn ?? '',
  ]);
  return tableLines(head, rows, styles.bold, head);
}

function unknownWave(wave: string, lines: readonly PlannedArea[]): SignpostError {
  const names = [...new Set(lines.map((line) => line.wave))];
  const meant = nearest(wave, names);
  return new SignpostError(
    'unknown-wave',
    `There is no wave ${wave}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    {
      hint:
        names.length === 0
          ? 'There are none yet: `signpost waves import FILE` brings them in.'
          : '`signpost waves list` shows them.',
    },
  );
}
