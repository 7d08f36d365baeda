// What a storm's own hands do to a copy and say of it: no servers here, and for `signpost` a shell script.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCopies, type Copies } from '../../scripts/chaos/copies.ts';
import { createStriker, type StrikerOptions } from '../../scripts/chaos/striker.ts';

let root: string;
let copies: Copies;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signpost-strikes-'));
  mkdirSync(join(root, 'bin'));
  copies = createCopies({ root, config: 'none', env: process.env, logs: root });
});
afterEach(async () => {
  await copies.close();
  rmSync(root, { recursive: true });
});

/** Says its last words first of all, and runs until it is told to end; then it does `onTerm`. */
function signpostThat(onTerm: string): void {
  const script = `#!/bin/sh
trap '${onTerm}' TERM
echo last words >&2
echo Running $2
while :; do sleep 0.05; done
`;
  writeFileSync(join(root, 'bin/signpost'), script);
  chmodSync(join(root, 'bin/signpost'), 0o755);
}

test('a copy that was killed at the same moment is not sent away: another is', async () => {
  signpostThat('exit 0');
  const killed = copies.start('publish');
  const left = copies.start('publish');
  await Promise.all([killed.ready, left.ready]);
  const striker = createStriker({
    // No server is struck.
    cluster: {} as StrikerOptions['cluster'],
    copies,
    services: ['publish'],
    releases: [root],
    sessionTimeoutMs: 100,
    say: () => {},
  });

  striker.strike({ at: 0.1, fault: 'kill', whom: 0, howLong: 0 });
  striker.strike({ at: 0.1, fault: 'leave', whom: 0, howLong: 0 });
  await striker.calm();

  expect(striker.misbehaved).toEqual([]);
  expect([killed.state, left.state]).toEqual(['ended', 'ended']);
  expect(copies.all.map(({ name }) => name)).toEqual(['publish-3']);
});

test.each([
  ['exit 3', 60_000, 3, 'ended with 3'],
  ['kill -ABRT $$', 60_000, null, 'ended with SIGABRT'],
  [':', 300, null, 'had not ended after 300 ms'],
])('of a copy whose SIGTERM does `%s` it is told how it ended', async (onTerm, ms, code, how) => {
  signpostThat(onTerm);
  const copy = copies.start('publish');
  await copy.ready;

  expect(await copy.stop(ms)).toEqual({ code, told: `${how}: last words` });
});
