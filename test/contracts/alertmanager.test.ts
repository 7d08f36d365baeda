// What is sent to Alertmanager, taken by a real one: labels, times, ends, and the message that its webhooks get.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alert } from '#schemas/alert.ts';
import { startAlertmanager, type Alertmanager } from '../../scripts/services/alertmanager.ts';
import { createResolve } from '../../services/alert/deliver/connect-guard.ts';
import { deliver, resend } from '../../services/alert/deliver/deliver.ts';
import { alertmanagerWebhookPayload } from '../../services/alert/deliver/formats/alertmanager-webhook.ts';
import type { Notice } from '../../services/alert/deliver/notice.ts';
import { createSend } from '../../services/alert/deliver/send.ts';
import { checkTargets, type Target } from '../../services/alert/deliver/targets.ts';
import { exampleAlert, noticeOf } from '../support/alert-notices.ts';
import { startTargetServer, type TargetServer } from '../support/target-server.ts';

interface Shown {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly fingerprint: string;
  readonly generatorURL?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'signpost-alertmanager-'));
const never = new AbortController().signal;
let hook: TargetServer;
let real: Alertmanager;
let target: Target;

beforeAll(async () => {
  hook = await startTargetServer();
  real = await startAlertmanager(folder, hook.url);
  const one = { name: 'noc', kind: 'alertmanager', url: real.url, allowPrivate: true };
  target = checkTargets({ targets: [one] }, 'targets', '.', {}).targets[0]!;
}, 90_000);
afterAll(async () => {
  await real?.node.stop();
  await hook?.close();
  rmSync(folder, { recursive: true, force: true });
});

const settings = {
  portalUrl: 'https://signpost.example/',
  severity: { critical: 10_000, major: 1000, minor: 100 },
};
const parts = { settings, send: createSend(createResolve()), now: Date.now };
// Alertmanager leaves the zeros out that milliseconds end with; here are none.
const began = Math.floor(Date.now() / 1000) * 1000 - 600_000 + 123;

function incident(id: string, more: Partial<Alert> = {}): Notice {
  const alert = { ...exampleAlert, incidentId: id, startedAt: began, ...more };
  const opening = { ...exampleAlert, incidentId: id, startedAt: began };
  return noticeOf(alert, { opening });
}
const tell = async (notice: Notice) => {
  const earlier = { remoteId: null, isUncertain: false };
  return (await deliver(target, notice, earlier, parts, never)).answer;
};
const shown = async (): Promise<Shown[]> =>
  (await (await fetch(`${real.url}/api/v2/alerts`)).json()) as Shown[];
const shownOf = async (id: string) =>
  (await shown()).find(({ labels }) => labels['incident'] === id);
const hooked = (id: string) =>
  hook.received
    .map(({ body }) => JSON.parse(body) as { status: string; alerts: Shown[] } & object)
    .filter(({ alerts }) => alerts[0]?.labels['incident'] === id);

describe('Alertmanager', () => {
  it('takes what stands, knows it as we do, and tells its webhooks in the form that we send too', async () => {
    const notice = incident('stands');
    expect(await tell(notice)).toMatchObject({ status: 200 });
    const context = { ...settings, now: Date.now(), receiver: 'hook' };
    const ours = JSON.parse(alertmanagerWebhookPayload(notice, context).body) as {
      alerts: [Shown];
    };
    const [own] = ours.alerts;
    expect(await shownOf('stands')).toMatchObject({
      labels: own.labels,
      annotations: own.annotations,
      fingerprint: own.fingerprint,
      startsAt: new Date(began).toISOString(),
      generatorURL: 'https://signpost.example/alerts/stands',
    });
    await expect.poll(() => hooked('stands').length, { timeout: 20_000 }).toBe(1);
    const [theirs] = hooked('stands');
    expect(Object.keys(theirs!).toSorted()).toEqual(Object.keys(ours).toSorted());
    expect(Object.keys(theirs!.alerts[0]!).toSorted()).toEqual(Object.keys(own).toSorted());
    // It gives its own address there.
    expect({ ...theirs, externalURL: '' }).toEqual({ ...ours, externalURL: '' });
  });

  it('keeps what is said again, and holds it for longer', async () => {
    await tell(incident('again'));
    const first = await shownOf('again');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await resend(target, [incident('again')], parts, never)).toMatchObject({ status: 200 });
    const second = await shownOf('again');
    expect(Date.parse(second!.endsAt)).toBeGreaterThan(Date.parse(first!.endsAt));
    expect(Date.parse(second!.endsAt) - Date.now()).toBeGreaterThan(59 * 60_000);
    expect((await shown()).filter(({ labels }) => labels['incident'] === 'again')).toHaveLength(1);
  });

  it('takes what widened for the same alert, with what is said of it now', async () => {
    await tell(incident('widens'));
    await tell(incident('widens', { place: 'Florida', placeLevel: 'region', customers: 900 }));
    const alerts = (await shown()).filter(({ labels }) => labels['incident'] === 'widens');
    expect(alerts).toMatchObject([
      { labels: { place: 'Miami North' }, annotations: { place: 'Florida', customers: '900' } },
    ]);
  });

  it('ends what is over, and says so', async () => {
    await tell(incident('ends'));
    await expect.poll(() => hooked('ends').length, { timeout: 20_000 }).toBe(1);
    const over = incident('ends', { state: 'resolved', resolvedAt: Date.now() - 1000 });
    expect(await tell(over)).toMatchObject({ status: 200 });
    expect(await shownOf('ends')).toBeUndefined();
    await expect.poll(() => hooked('ends').at(-1)?.status, { timeout: 20_000 }).toBe('resolved');
  });

  it('takes hostile names as names', async () => {
    const name = '{{ template "x" }}\u202e<b>"\\\n\u0000😀';
    const notice = incident('hostile', { place: name, summary: name, themes: [name] });
    expect(await tell({ ...notice, opening: notice.alert })).toMatchObject({ status: 200 });
    expect(await shownOf('hostile')).toMatchObject({
      labels: { place: '{{ template "x" }} <b>"\\ 😀' },
    });
  });
});
