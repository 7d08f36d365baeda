// The processes of this machine: who is alive, with which command line, started by whom.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  /** Arguments, each followed by a space. */
  readonly commandLine: string;
  readonly paused: boolean;
}

const hasProc = existsSync('/proc/self/stat');

/** Undefined when there is no such process, or only its unreaped remains. */
export function findProcess(pid: number): ProcessEntry | undefined {
  if (hasProc) return fromProc(pid);
  try {
    return fromPs(['-p', String(pid)])[0];
  } catch {
    // `ps -p` fails when it finds nothing.
    return undefined;
  }
}

/** The process and everything it started that is alive. */
export function familyOf(pid: number): readonly number[] {
  const all = hasProc
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((name) => fromProc(Number(name)))
        .filter((entry) => entry !== undefined)
    : fromPs(['-A']);
  const family = [pid];
  for (const member of family) {
    family.push(...all.filter((entry) => entry.parentPid === member).map((entry) => entry.pid));
  }
  return family;
}

function fromProc(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything, brackets too.
    const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return { pid, parentPid: Number(parentPid), commandLine, paused: state === 'T' };
  } catch {
    return undefined;
  }
}

function fromPs(which: readonly string[]): readonly ProcessEntry[] {
  const text = execFileSync('ps', [...which, '-o', 'pid=,ppid=,stat=,command='], {
    encoding: 'utf8',
  });
  return text.split('\n').flatMap((line) => {
    const match = /^ *(\d+) +(\d+) +([^ ]+) +(.*)$/.exec(line);
    if (match === null || match[3]!.startsWith('Z')) return [];
    return [
      {
        pid: Number(match[1]),
        parentPid: Number(match[2]),
        commandLine: `${match[4]!} `,
        paused: match[3]!.startsWith('T'),
      },
    ];
  });
}
