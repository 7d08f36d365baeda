// Strikes a storm's copies and servers, and mends what it struck. Strikes overlap, but for those on the same server.
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { Copies, Copy } from './copies.ts';
import type { FaultName, Strike } from './plan.ts';

export interface StrikerOptions {
  readonly cluster: Pick<Cluster, 'kafka' | 'postgres'>;
  readonly copies: Copies;
  readonly services: readonly string[];
  /** Checkouts, one of which each copy that is started runs. */
  readonly releases: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly say: (line: string) => void;
}

/** How often each fault struck: servers and `fault service`. */
export type Struck = Readonly<Record<string, number>>;

export interface Striker {
  strike(strike: Strike): void;
  /** Resolves when all that was struck is back. */
  calm(): Promise<void>;
  readonly struck: Struck;
  readonly misbehaved: readonly string[];
}

/** Until a killed copy is started again, or a killed server. */
const AWAY_MS = 2_500;
const STOP_MS = 40_000;
/** As a shell tells of SIGTERM: see services/core/shutdown.ts. */
const endedByDeadline = 143;

export function createStriker(options: StrikerOptions): Striker {
  const { cluster, copies, services, releases, sessionTimeoutMs, say } = options;
  const struck: Record<string, number> = {};
  const misbehaved: string[] = [];
  const mending = new Set<Promise<void>>();
  let servers = Promise.resolve();

  /** A running copy: first of which service, then which of its copies; of any service where that one has none. */
  function chosen(whom: number, among: readonly string[]): Copy | undefined {
    const scaled = whom * among.length;
    const service = among[Math.floor(scaled)];
    const running = copies.all.filter(({ state }) => state === 'running');
    const own = running.filter((copy) => copy.service === service);
    const candidates = own.length > 0 ? own : running;
    return candidates[Math.floor((scaled % 1) * candidates.length)];
  }

  /** Services with copies to spare: the last one of a service is killed at times, but never sent away. */
  function crowded(): readonly string[] {
    const copiesOf = (service: string): number =>
      copies.all.filter((copy) => copy.service === service && copy.state === 'running').length;
    const most = Math.max(...services.map(copiesOf));
    return services.filter((service) => copiesOf(service) === most);
  }

  const stages = services.filter((service) => service !== 'gateway');

  let started = 0;
  function start(service: string): void {
    copies.start(service, releases[started % releases.length]);
    started += 1;
  }

  async function strikeCopy(
    fault: Exclude<FaultName, 'broker' | 'database'>,
    { whom, howLong }: Strike,
  ): Promise<void> {
    if (fault === 'join') {
      const service = services[Math.floor(whom * services.length)]!;
      count(`join ${service}`);
      start(service);
      return;
    }
    const among = fault === 'pause' ? stages : fault === 'leave' ? crowded() : services;
    const copy = chosen(whom, among);
    if (copy === undefined) return count('nobody left to strike');
    count(`${fault} ${copy.service}`);
    if (fault === 'leave') {
      const { code, told } = await copy.stop(STOP_MS);
      // With a server away it cannot finish what is under way: ten seconds are enough then.
      if (code === endedByDeadline) count(`ended by its deadline ${copy.service}`);
      else if (code !== 0) misbehaved.push(`When told to leave, ${copy.name} ${told}`);
    } else if (fault === 'pause') {
      copy.pause();
      await pause(sessionTimeoutMs * (1.2 + howLong / 2));
      copy.resume();
    } else {
      await copy.kill();
      await pause(howLong * AWAY_MS);
      start(copy.service);
    }
  }

  async function strikeServer(fault: 'broker' | 'database', { whom, howLong }: Strike) {
    const { nodes } = cluster.kafka;
    const server =
      fault === 'database' ? cluster.postgres.node : nodes[Math.floor(whom * nodes.length)]!;
    await server.kill();
    count(`kill ${server.name}`);
    await pause(howLong * AWAY_MS);
    await server.start();
  }

  function count(what: string): void {
    struck[what] = (struck[what] ?? 0) + 1;
    say(what);
  }

  return {
    strike(one) {
      const { fault } = one;
      const done =
        fault === 'broker' || fault === 'database'
          ? (servers = servers.then(() => strikeServer(fault, one)))
          : strikeCopy(fault, one);
      const mended = done
        .catch((error: unknown) => {
          misbehaved.push(`${fault}: ${error instanceof Error ? error.message : String(error)}`);
        })
        .finally(() => mending.delete(mended));
      mending.add(mended);
    },
    async calm() {
      while (mending.size > 0) await Promise.all(mending);
    },
    struck,
    misbehaved,
  };
}
