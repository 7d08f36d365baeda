// `signpost doctor`: every check with what was found, and what to do where something is wrong.
import type { DoctorOptions } from '../commands/doctor.ts';
import { exitCodes } from '../exit.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { checksOf, type Check } from './checks.ts';
import { isCluster, clusterChecksOf } from './cluster-checks.ts';

export interface Diagnosis {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
  readonly hint?: string;
}

export async function doctor(place: LogPlace, options: DoctorOptions): Promise<void> {
  const output = createOutput();
  const { green, red } = output.styles;
  const diagnoses: Diagnosis[] = [];
  for await (const diagnosis of diagnose(checksAt(place, process.env))) {
    diagnoses.push(diagnosis);
    if (options.json) continue;
    const { ok, name, says, hint } = diagnosis;
    await output.line(`${ok ? green('✓') : red('✗')} ${name.padEnd(15)} ${oneLine(says)}`);
    if (hint !== undefined) await output.line(`  ${''.padEnd(15)} ${oneLine(hint)}`);
  }
  const ok = diagnoses.every((diagnosis) => diagnosis.ok);
  if (options.json) await output.json({ ok, checks: diagnoses });
  if (!ok) process.exitCode = exitCodes.failed;
}

/** Those of the cluster, or of the data directory, that the place names. */
function checksAt(place: LogPlace, env: NodeJS.ProcessEnv): readonly Check[] {
  return isCluster(place) ? clusterChecksOf(place, env) : checksOf(place.data, place.config, env);
}

/** Runs the checks in order. What one of them has said already, a later one does not say again. */
export async function* diagnose(checks: readonly Check[]): AsyncGenerator<Diagnosis> {
  const said = new Map<string, string>();
  for (const check of checks) {
    const diagnosis = await diagnosisOf(check);
    const earlier = said.get(diagnosis.says);
    if (diagnosis.ok) yield diagnosis;
    else if (earlier !== undefined) {
      yield { name: check.name, ok: false, says: `cannot be checked: see ${earlier}` };
    } else {
      said.set(diagnosis.says, check.name);
      yield diagnosis;
    }
  }
}

async function diagnosisOf({ name, look }: Check): Promise<Diagnosis> {
  try {
    const { says, wrong } = await look();
    return { name, ok: wrong === undefined, says, ...(wrong === undefined ? {} : { hint: wrong }) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const hint = 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {};
    return { name, ok: false, says: error.message, ...hint };
  }
}
