// One server as a process that can be started, stopped, killed and paused again and again, by whoever started it or,
// through its pid file, by a later command. A pid is signalled only while its command line still bears the server's mark.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf, findProcess, type ProcessEntry } from './process-table.ts';
import { ServerError } from './server-error.ts';

export interface Launch {
  readonly name: string;
  readonly command: string;
  /** Asked at every start, when `prepare` is through. */
  readonly args: () => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly runAs?: { readonly uid: number; readonly gid: number };
  /** Stands in the arguments of this server and of no other process: its own folder or settings file. */
  readonly mark: string;
  readonly pidFile: string;
  readonly logFile: string;
  /** The signal of a clean stop. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** The signal of a stop without goodbye, sent when we have died. */
  readonly abortSignal: 'SIGKILL' | 'SIGQUIT';
  /** Runs before every start: makes the data the server needs to find. */
  readonly prepare?: () => Promise<void>;
  /** Whether it serves, asked until it does; `log` is what it has logged since this start. */
  readonly isReady: (log: string) => boolean | Promise<boolean>;
  readonly readyWithinMs: number;
  /** What to do when the program is not found, or when its log shows why it cannot run. */
  readonly explain?: (log: string) => string | undefined;
}

/** `with-us`: ended when this process ends, however it ends. `until-stopped`: outlives this process. */
export type Lifetime = 'with-us' | 'until-stopped';

export interface ServerProcess {
  readonly name: string;
  readonly logFile: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  readonly state: 'running' | 'paused' | 'stopped';
  /** Resolves when it serves. Its data and ports are those it had before. */
  start(): Promise<void>;
  /** A clean stop; when it takes longer than this, 30 seconds by default, a kill. Nothing happens when it does not run. */
  stop(withinMs?: number): Promise<void>;
  /** SIGKILL, to it and to all it started. */
  kill(): Promise<void>;
  /** SIGSTOP: alive, its connections open, answering nothing. Resolves when it stands still. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): Promise<void>;
}

const stopWithinMs = 30_000;
const pollMs = 25;

export function serverProcess(launch: Launch, lifetime: Lifetime): ServerProcess {
  const found = (): ProcessEntry | undefined => {
    const known = readPid(launch.pidFile);
    const entry = known === undefined ? undefined : findProcess(known);
    return entry?.commandLine.includes(launch.mark) === true ? entry : undefined;
  };
  const pid = (): number | undefined => found()?.pid;
  const state = (): ServerProcess['state'] => {
    const entry = found();
    if (entry === undefined) return 'stopped';
    return entry.paused ? 'paused' : 'running';
  };

  const signal = async (name: NodeJS.Signals, until: ServerProcess['state']): Promise<void> => {
    const running = pid();
    if (running === undefined) {
      throw new ServerError('not-running', `${launch.name} does not run.`);
    }
    for (const member of familyOf(running)) trySignal(member, name);
    while (pid() === running && state() !== until) await sleep(pollMs);
  };

  const ended = async (withinMs: number): Promise<boolean> => {
    const deadline = Date.now() + withinMs;
    while (pid() !== undefined) {
      if (Date.now() > deadline) return false;
      await sleep(pollMs);
    }
    rmSync(launch.pidFile, { force: true });
    return true;
  };

  const kill = async (): Promise<void> => {
    const running = pid();
    if (running !== undefined) {
      const family = familyOf(running);
      for (const member of family) trySignal(member, 'SIGKILL');
      // Its port and files are free only when the last of them is gone.
      while (family.some((member) => findProcess(member) !== undefined)) await sleep(pollMs);
    }
    await ended(stopWithinMs);
  };

  const start = async (): Promise<void> => {
    const running = pid();
    if (running !== undefined) {
      throw new ServerError('already-running', `${launch.name} already runs, as pid ${running}.`);
    }
    await launch.prepare?.();
    const logStart = sizeOf(launch.logFile);
    const child = await spawned(launch);
    writeFileSync(launch.pidFile, `${child.pid}\n`);
    const guard = lifetime === 'with-us' ? guardOf(child.pid!, launch.abortSignal) : undefined;
    let over = false;
    child.once('exit', () => {
      over = true;
      // It must not outlive its server: the pid it knows will be another process's one day.
      guard?.kill('SIGKILL');
    });
    child.unref();
    const deadline = Date.now() + launch.readyWithinMs;
    for (;;) {
      const log = readFrom(launch.logFile, logStart);
      if (!over && (await launch.isReady(log))) return;
      if (over || Date.now() > deadline) {
        await kill();
        const why = launch.explain?.(log) ?? `The end of ${launch.logFile}:\n${lastLines(log)}`;
        const how = over ? 'ended at once' : `did not serve within ${launch.readyWithinMs} ms`;
        throw new ServerError('did-not-start', `${launch.name} ${how}. ${why}`);
      }
      await sleep(pollMs);
    }
  };

  const stop = async (withinMs = stopWithinMs): Promise<void> => {
    const running = pid();
    if (running !== undefined) {
      trySignal(running, launch.stopSignal);
      // One that was paused hears the first signal only when it goes on.
      for (const member of familyOf(running)) trySignal(member, 'SIGCONT');
    }
    if (!(await ended(withinMs))) await kill();
  };

  return {
    name: launch.name,
    logFile: launch.logFile,
    get pid() {
      return pid();
    },
    get state() {
      return state();
    },
    start,
    stop,
    kill,
    pause: () => signal('SIGSTOP', 'paused'),
    resume: () => signal('SIGCONT', 'running'),
  };
}

/** Waits for all, then fails with the first failure: no server may still be starting when a command has ended. */
export async function allOf(tasks: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(tasks);
  const failed = ended.find((task) => task.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Detached, so that Ctrl-C in a terminal reaches whoever started it and not the server behind their back. */
async function spawned(launch: Launch): Promise<ChildProcess> {
  const log = openSync(launch.logFile, 'a');
  try {
    const child = spawn(launch.command, launch.args(), {
      stdio: ['ignore', log, log],
      detached: true,
      env: launch.env ?? process.env,
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
      ...launch.runAs,
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (error) {
    const why = launch.explain?.('') ?? '';
    throw new ServerError(
      'program-missing',
      `${launch.name}: ${launch.command} cannot be run. ${why}`,
      error,
    );
  } finally {
    closeSync(log);
  }
}

// What it sends reaches a paused server too, and its children, which else would stay paused for ever.
const guardScript = `read -r _
kill -"$2" "$1"
kill -CONT "$1" $(pgrep -P "$1")
sleep 2
kill -KILL "$1"`;

/** A shell that waits on a pipe from this process: when we are gone, even by SIGKILL, it ends the server. */
function guardOf(pid: number, abort: NodeJS.Signals): ChildProcess {
  const args = ['-c', guardScript, 'signpost-guard', String(pid), abort.slice('SIG'.length)];
  const guard = spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  (guard.stdin as Socket).unref();
  return guard;
}

function trySignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended between our look and our signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readFrom(path: string, start: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - start));
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, start));
  } finally {
    closeSync(file);
  }
}

function lastLines(log: string): string {
  return log.trimEnd().split('\n').slice(-15).join('\n');
}
