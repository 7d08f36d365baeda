// `signpost up` with its stages in threads takes up a changed model without a restart, and says so once.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endAll, run, start } from '../support/command.ts';
import { otherModel, shippedBytes, shippedVersion } from '../support/other-model.ts';

const other = otherModel();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-swap-up-'));
});
afterEach(async () => {
  await endAll();
  rmSync(folder, { recursive: true });
});

it.each(['true', 'false'])('with fusion %s', { timeout: 90_000 }, async (fused) => {
  const model = join(folder, 'model.bin');
  const config = join(folder, 'signpost.yaml');
  const data = join(folder, 'data');
  writeFileSync(model, shippedBytes);
  writeFileSync(
    config,
    `threads: 2\nfusion: { enabled: ${fused} }\nclassify: { model: model.bin }\n`,
  );
  const up = start(['up', '--data', data, '--config', config, '--port', '0'], { cwd: folder });
  const [, url] = await up.says(/intake (http:\S+)/);
  let sent = 0;
  const modelsAfterSending = async (): Promise<Set<string>> => {
    const posts = Array.from({ length: 5 }, () => ({
      id: `p${(sent += 1)}`,
      occurredAt: '2026-11-22T10:00:00Z',
      text: 'No signal since monday',
    }));
    const answer = await fetch(`${url}/v1/posts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(posts),
    });
    expect(answer.status).toBe(202);
    await pause(300);
    const { stdout } = await run(['tail', 'shared', '--data', data, '--from-beginning', '--json'], {
      cwd: folder,
    });
    const insights = stdout.split('\n').filter((line) => line !== '');
    return new Set(
      insights.map((line) => (JSON.parse(line) as { value: { model: string } }).value.model),
    );
  };
  while (!(await modelsAfterSending()).has(shippedVersion));
  writeFileSync(`${model}.new`, other.bytes);
  renameSync(`${model}.new`, model);
  while (!(await modelsAfterSending()).has(other.version));
  // Counted in whatever thread it was judged, by the day it was said.
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain(`signpost_insights_total{day="2026-11-22"} ${sent}\n`);
  // Damaged, it is told of once and changes nothing.
  writeFileSync(model, 'no model');
  await pause(4_000);
  up.child.kill('SIGTERM');
  const { code, stderr } = await up.ended;
  expect(code).toBe(0);
  const said = stderr.split('\n').filter((line) => line !== '');
  expect(said).toHaveLength(2);
  expect(said[0]).toContain(other.version);
  expect(said[1]).toContain('A changed file cannot be used: the model');
  const { stdout } = await run(['reconcile', '--data', data, '--json'], { cwd: folder });
  expect(JSON.parse(stdout)).toMatchObject({ balanced: true });
});
