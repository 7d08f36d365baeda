// Processor time and memory of processes as Linux tells them, with those of a database server's connections.
import { readFileSync } from 'node:fs';

/** Processes under measurement: ours together, the broker, the database. */
export interface Pids {
  readonly own: readonly number[];
  readonly broker: number;
  readonly postgres: number;
}

/** Processor time that they have spent, in seconds. */
export interface Times {
  readonly own: number;
  readonly broker: number;
  readonly postgres: number;
}

/** Processor time for each signal, in microseconds: tells more than speed on a machine with other work. */
export interface ProcessorFigures {
  readonly ownUs: number;
  readonly brokerUs: number;
  readonly postgresUs: number;
}

export function timesOf({ own, broker, postgres }: Pids): Times {
  return {
    own: own.reduce((sum, pid) => sum + processorSeconds(pid), 0),
    broker: processorSeconds(broker),
    postgres: processorSeconds(postgres),
  };
}

export function microsecondsFor(signals: number, from: Times, to: Times): ProcessorFigures {
  const forOne = (seconds: number): number => Math.round((seconds / signals) * 1e7) / 10;
  return {
    ownUs: forOne(to.own - from.own),
    brokerUs: forOne(to.broker - from.broker),
    postgresUs: forOne(to.postgres - from.postgres),
  };
}

/** Seconds that a process and its children, those that are gone included, have spent. */
function processorSeconds(pid: number): number {
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
