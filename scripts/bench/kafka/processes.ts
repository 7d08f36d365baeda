// The processes under measurement: `signpost run` as users start it, and the other ways of the bench with the same flags
// of Node. Each is ended with the bench.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const bin = join(import.meta.dirname, '../../../bin');
const signpost = join(bin, 'signpost');
/** 32 bytes, for measurements only. */
const pseudonymKeys = `bench:${Buffer.alloc(32, 1).toString('base64')}`;
const readyWithinMs = 60_000;
const endedWithinMs = 30_000;

export interface Worker {
  readonly pid: number;
  /** SIGTERM; resolves when it has ended. @throws Error when it had ended before, or ends with an error. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** A folder for a profile of the processor, written when it ends. */
  readonly profile?: string | undefined;
}

/** `signpost run` of these services; resolves once it is ready. */
export async function startRun(
  services: readonly string[],
  config: string,
  options: WorkerOptions = {},
): Promise<Worker> {
  const args = ['run', ...services, '--config', config, '--probe-port', '0'];
  const worker = begin(signpost, args, options);
  const [, url] = await worker.says(/Probes at (http:\S+)\/livez/);
  const until = performance.now() + readyWithinMs;
  while (!(await fetch(`${url}/readyz`)).ok) {
    if (performance.now() > until) throw new Error(`${services.join(', ')} did not get ready`);
    await pause(50);
  }
  return worker;
}

/** A program of this folder; resolves once it says that it is ready. */
export async function startProgram(
  name: string,
  args: readonly string[],
  options: WorkerOptions = {},
): Promise<Worker> {
  const program = join(import.meta.dirname, name);
  const worker = begin(join(bin, 'node'), [...flagsOfSignpost(), program, ...args], options);
  await worker.says(/^ready$/m);
  return worker;
}

/** Every way runs under the flags that `bin/signpost` gives. */
function flagsOfSignpost(): string[] {
  const flags = /bin\/node" ((?:--\S+ )+)/.exec(readFileSync(signpost, 'utf8'))?.[1];
  if (flags === undefined) throw new Error('The flags of Node were not found in bin/signpost');
  return flags.trim().split(' ');
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function begin(program: string, args: readonly string[], { profile }: WorkerOptions) {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SIGNPOST_PSEUDONYM_KEYS: pseudonymKeys,
      ...(profile === undefined
        ? {}
        : { NODE_OPTIONS: `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${profile}` }),
    },
  });
  running.add(child);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    pid: child.pid!,
    async says(pattern: RegExp): Promise<RegExpExecArray> {
      const until = performance.now() + readyWithinMs;
      for (;;) {
        const match = pattern.exec(printed);
        if (match !== null) return match;
        if (!running.has(child) || performance.now() > until)
          throw new Error(`${args.join(' ')} did not say ${pattern}, but: ${printed}`);
        await pause(20);
      }
    },
    async stop() {
      if (!running.has(child)) throw new Error(`${args.join(' ')} ended too early`);
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), endedWithinMs);
      const code = await ended;
      clearTimeout(timer);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
    },
  };
}
