// Processor time and memory of processes as Linux tells them, with those of a database server's connections.
import { readFileSync } from 'node:fs';

/** Seconds that a process and its children, those that are gone included, have spent. */
export function processorSeconds(pid: number): number {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim();
  const pids = [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
  return pids.reduce((sum, each) => sum + ticksOf(each), 0) / 100;
}

/** Resident memory of one process, in MB (10^6 bytes); 0 when it is gone. */
export function residentMb(pid: number): number {
  return (Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024) / 1e6;
}

/** User and system time, and that of children that have ended, in hundredths of a second; 0 when it is gone. */
function ticksOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
