// The `signpost` command as a child process: run to its end, or watched and killed. Every child is ended with its test.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const signpost = join(root, 'bin/signpost');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout(): string;
  /** Resolves once stdout matches, with the match; rejects when the process ends before. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly program?: string;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function start(args: readonly string[], options: CommandOptions = {}): Running {
  const child = spawn(options.program ?? signpost, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  let over: Ended | undefined;
  const watchers = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const watch of watchers) watch();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      over = { code, signal, stdout, stderr };
      for (const watch of watchers) watch();
      resolve(over);
    });
  });
  return {
    child,
    ended,
    stdout: () => stdout,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const match = pattern.exec(stdout);
          if (match === null && over === undefined) return;
          watchers.delete(watch);
          if (match !== null) resolve(match);
          else
            reject(
              new Error(
                `It ended (${over?.code ?? over?.signal}) without saying ${pattern}: ${stderr}`,
              ),
            );
        };
        watchers.add(watch);
        watch();
      }),
  };
}

export function run(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** Ends all that still run, for `afterAll`. */
export async function endAll(): Promise<void> {
  const left = [...running];
  for (const child of left) child.kill('SIGKILL');
  await Promise.all(
    left.map(
      (child) =>
        new Promise((resolve) =>
          (child.exitCode ?? child.signalCode) === null
            ? child.once('close', resolve)
            : resolve(null),
        ),
    ),
  );
}
