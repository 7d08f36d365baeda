// Copies of services as processes of their own, to be killed, stopped, paused and started again. All end with this
// process, however it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Copy {
  readonly service: string;
  readonly name: string;
  readonly logFile: string;
  readonly pid: number;
  /** Leaving, dying: told to stop, or killed, and not gone yet. It is struck no more: its end would be another's. */
  readonly state: 'running' | 'paused' | 'leaving' | 'dying' | 'ended';
  /** Of a gateway that listens. */
  readonly url: string | undefined;
  /** Resolves once it runs on the log; rejects when it ends before. */
  readonly ready: Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  /** SIGCONT; nothing when it has ended meanwhile. */
  resume(): void;
  /** SIGTERM, and SIGKILL after `withinMs`. */
  stop(withinMs: number): Promise<Ending>;
}

/** How a copy ended that was told to. */
export interface Ending {
  /** Null when a signal ended it, be it ours. Zero for SIGTERM before it listened: it had nothing to finish either. */
  readonly code: number | null;
  /** The same in words, and the end of what it said. */
  readonly told: string;
}

export interface Copies {
  /**
   * @param services names as `signpost run` takes them, joined by plus signs
   * @param root the checkout whose `bin/signpost` is run, where it is another than usual
   */
  start(services: string, root?: string): Copy;
  readonly all: readonly Copy[];
  /** Copies that ended though nobody asked them to, with the end of what they said. */
  readonly died: readonly string[];
  /** Kills what is left. */
  close(): Promise<void>;
}

export interface CopiesOptions {
  /** The checkout whose `bin/signpost` is run. */
  readonly root: string;
  readonly config: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logs: string;
}

/** A shell that waits on a pipe from us: when we are gone, even by SIGKILL, it ends those it was told of last. */
const guardScript = `while read -r line; do pids=$line; done
for pid in $pids; do kill -KILL "$pid"; done`;

export function createCopies({ root: usualRoot, config, env, logs }: CopiesOptions): Copies {
  const guard = spawn('sh', ['-c', guardScript], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as Socket).unref();
  const living = new Set<Copy>();
  const died: string[] = [];
  let count = 0;
  let closing = false;

  const tellGuard = (): void => {
    guard.stdin.write(`${[...living].map(({ pid }) => pid).join(' ')}\n`);
  };

  function start(services: string, root: string): Copy {
    count += 1;
    const name = `${services}-${count}`;
    const logFile = join(logs, `${name}.log`);
    const log = openSync(logFile, 'a');
    const args = ['run', ...services.split('+'), '--config', config, '--probe-port', '0'];
    let child: ChildProcess;
    try {
      child = spawn(
        join(root, 'bin/signpost'),
        services.includes('gateway') ? [...args, '--port', '0'] : args,
        { cwd: logs, env, stdio: ['ignore', 'pipe', log], detached: true },
      );
    } finally {
      closeSync(log);
    }
    let state: Copy['state'] = 'running';
    let asked = false;
    let url: string | undefined;
    let said = '';
    let isReady: () => void = () => {};
    let notReady: (error: Error) => void = () => {};
    const ready = new Promise<void>((resolve, reject) => {
      isReady = resolve;
      notReady = reject;
    });
    ready.catch(() => {});
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      url ??= /^Intake at (http:\S+)$/m.exec(said)?.[1];
      if (/^Running /m.test(said)) isReady();
    });
    const lastWords = (): string =>
      readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', (error) => {
        const told = `could not be started: ${error.message}`;
        died.push(`${name} ${told}`);
        resolve({ code: null, told });
      });
      child.once('close', (code, signal) => {
        const how = code ?? signal;
        const words = lastWords();
        if (!asked && !closing) died.push(`${name} ended by itself (${how}): ${words}`);
        resolve({ code: signal === 'SIGTERM' ? 0 : code, told: `ended with ${how}: ${words}` });
      });
    }).finally(() => {
      state = 'ended';
      living.delete(copy);
      notReady(new Error(`${name} ended before it ran; see ${logFile}`));
      tellGuard();
    });
    const copy: Copy = {
      service: services,
      name,
      logFile,
      pid: child.pid ?? 0,
      ready,
      get state() {
        return state;
      },
      get url() {
        return state === 'running' || state === 'leaving' ? url : undefined;
      },
      async kill() {
        asked = true;
        if (state !== 'ended') state = 'dying';
        child.kill('SIGKILL');
        await ended;
      },
      pause() {
        if (child.kill('SIGSTOP')) state = 'paused';
      },
      resume() {
        if (state === 'ended') return;
        child.kill('SIGCONT');
        if (state === 'paused') state = 'running';
      },
      async stop(withinMs) {
        asked = true;
        if (state !== 'ended') state = 'leaving';
        child.kill('SIGTERM');
        child.kill('SIGCONT');
        const late = pause(withinMs, 'late' as const, { ref: false });
        const ending = await Promise.race([ended, late]);
        if (ending !== 'late') return ending;
        child.kill('SIGKILL');
        await ended;
        return { code: null, told: `had not ended after ${withinMs} ms: ${lastWords()}` };
      },
    };
    living.add(copy);
    tellGuard();
    return copy;
  }

  return {
    start: (services, root = usualRoot) => start(services, root),
    get all() {
      return [...living];
    },
    died,
    async close() {
      closing = true;
      await Promise.all([...living].map((copy) => copy.kill()));
      guard.stdin.end();
    },
  };
}
