// A program in a process of its own, on one core, with its time and the most memory it held.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Measured {
  readonly stdout: string;
  /** From its start to its end, by the clock. */
  readonly seconds: number;
  /** Of the processor, which other work on the machine hardly changes; null where the system does not tell. */
  readonly cpuSeconds: number | null;
  /** Highest resident memory in MB (10^6 bytes); null where the system does not tell. */
  readonly peakMb: number | null;
}

/** A program that cannot be had or did not do its work; the message is a sentence for the reader. */
export class NotMeasured extends Error {}

/** What keeps libraries of numbers to one thread, and Python from writing beside its programs. */
const environment = {
  ...process.env,
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};

let pinning: readonly string[] | undefined;

/** The command that keeps another to the first core; none where there is no `taskset`. */
export function onOneCore(): readonly string[] {
  pinning ??= spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : [];
  return pinning;
}

/** @throws NotMeasured when it cannot be started, ends with an error, or takes longer than `limitSeconds`. */
export async function runMeasured(
  command: readonly string[],
  limitSeconds: number,
): Promise<Measured> {
  const [program, ...args] = [...onOneCore(), ...command];
  const startedAt = performance.now();
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on(
    'data',
    (chunk) => (output.stderr = (output.stderr + String(chunk)).slice(-4096)),
  );
  let seen: ReturnType<typeof lookAt> = { peakMb: null, cpuSeconds: null };
  let late = false;
  const look = setInterval(() => {
    seen = lookAt(child.pid) ?? seen;
    if (performance.now() - startedAt < limitSeconds * 1000) return;
    late = true;
    end();
  }, 50);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (late) throw new NotMeasured(`stopped after ${limitSeconds.toLocaleString('en')} s`);
    if (code !== 0) throw new NotMeasured(`failed: ${whatWentWrong(output.stderr)}`);
  } catch (cause) {
    if (cause instanceof NotMeasured) throw cause;
    throw new NotMeasured(`cannot be started: ${String(cause)}`, { cause });
  } finally {
    clearInterval(look);
    process.off('exit', end);
  }
  return { stdout: output.stdout, seconds: (performance.now() - startedAt) / 1000, ...seen };
}

/**
 * The high-water mark of a process as Linux keeps it, anew when one program becomes another, and its processor time.
 * Undefined elsewhere and once the process is gone.
 */
function lookAt(pid: number | undefined): Pick<Measured, 'cpuSeconds' | 'peakMb'> | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const kilobytes = /VmHWM:\s+(\d+)/.exec(status)?.[1];
    if (kilobytes === undefined) return undefined;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      peakMb: (Number(kilobytes) * 1024) / 1e6,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    };
  } catch {
    return undefined;
  }
}

/** The line that tells what went wrong: the last that speaks of an error, else the last. */
export function whatWentWrong(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const line = lines.findLast((each) => /error|^signpost:/i.test(each)) ?? lines.at(-1);
  return line?.trim() || 'it did not say why';
}
