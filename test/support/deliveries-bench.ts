// Deliveries under test: a database, a target on this machine, and copies that run until the test ends.
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { sql } from 'kysely';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import type { Alert } from '#schemas/alert.ts';
import {
  createDeliveryMetrics,
  type DeliveryMetrics,
} from '../../services/alert/deliver/delivery-metrics.ts';
import { runDeliveries } from '../../services/alert/deliver/run-deliveries.ts';
import { checkTargets, type Targets } from '../../services/alert/deliver/targets.ts';
import { exampleAlert } from './alert-notices.ts';
import { deliveriesOf, writeTransition } from './alert-rows.ts';
import { startTargetServer, type TargetServer } from './target-server.ts';

/** Stands in every key and in the path: nothing that is shown may hold it. */
export const canary = 'sesame-open-canary';
export const oldKey = `whsec_${Buffer.from(`${canary}-the-old-one-of-32`).toString('base64')}`;
export const newKey = `whsec_${Buffer.from(`${canary}-the-new-one-of-32`).toString('base64')}`;
const env = { OLD: oldKey, NEW: newKey, TOKEN: `${canary}-token` };

export interface Copy {
  readonly metrics: DeliveryMetrics;
  /** As it ends by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface DeliveriesBench {
  readonly db: Db;
  /** A new one for each test. */
  readonly server: TargetServer;
  /** What copies have logged in this test. */
  logged(): string;
  /** Targets `t0`, `t1` and so on: webhooks at the server, but for what is given. */
  settingsFor(...targets: readonly object[]): Targets;
  /** Time between attempts is short unless `random` says otherwise. */
  run(settings: Targets, more?: Partial<Parameters<typeof runDeliveries>[2]>): Copy;
  /** Writes a transition, for `t0` unless others are named. */
  raise(alert: Alert, targets?: readonly string[], at?: number): Promise<Alert>;
  /** What the server was sent, by webhooks. */
  bodies(): readonly { readonly id: string; readonly data: Alert }[];
  /** Waits until so many rows are in a state. */
  settled(count: number, state?: string): Promise<void>;
  counted(copy: Copy, result: string): Promise<number | undefined>;
}

/** A transition of its own. */
export function alertOf(incident: string, more: Partial<Alert> = {}): Alert {
  return { ...exampleAlert, id: randomUUID(), incidentId: incident, ...more };
}

/** To be called where tests are described. */
export function useDeliveries(open: () => Promise<Db>): DeliveriesBench {
  let db: Db;
  let server: TargetServer;
  let log = '';
  const running: Copy[] = [];

  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    server = await startTargetServer();
    await sql`TRUNCATE signpost.incidents, signpost.leases CASCADE`.execute(db.query);
    log = '';
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop().catch(() => {});
    await server.close();
  });

  return {
    get db() {
      return db;
    },
    get server() {
      return server;
    },
    logged: () => log,
    settingsFor(...targets) {
      const whole = targets.map((target, index) => ({
        name: `t${index}`,
        kind: 'webhook',
        url: `${server.url}/hook`,
        allowPrivate: true,
        signingSecrets: [{ env: 'OLD' }],
        ...target,
      }));
      return checkTargets({ targets: whole }, 'the targets', '.', env);
    },
    run(settings, more = {}) {
      const metrics = createDeliveryMetrics(settings.targets.map(({ name }) => name));
      const sink = new Writable({
        write(chunk: Buffer, _encoding, done) {
          log += chunk.toString();
          done();
        },
      });
      const stopping = new AbortController();
      const parts = { metrics, logger: pino(sink), random: () => 0, everyMs: 20, ...more };
      const ended = runDeliveries(db, settings, parts, stopping.signal);
      ended.catch(() => {});
      const stop = (): Promise<void> => {
        stopping.abort();
        return ended;
      };
      const copy = { metrics, ended, stop };
      running.push(copy);
      return copy;
    },
    async raise(alert, targets = ['t0'], at = Date.now()) {
      await writeTransition(db, alert, targets, at);
      return alert;
    },
    bodies: () =>
      server.received.map(({ body }) => JSON.parse(body) as { id: string; data: Alert }),
    async settled(count, state = 'delivered') {
      const those = async () => (await deliveriesOf(db)).filter((row) => row.state === state);
      await expect
        .poll(async () => (await those()).length, { timeout: 10_000, interval: 20 })
        .toBe(count);
    },
    async counted(copy, result) {
      const [deliveries] = (await copy.metrics.snapshot()) as unknown as {
        values: { value: number; labels: Record<string, string> }[];
      }[];
      return deliveries?.values.find(
        ({ labels }) => labels['target'] === 't0' && labels['result'] === result,
      )?.value;
    },
  };
}
