// The whole pipeline when its log breaks: it ends with the reason, and closes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { readConfig } from '../../services/cli/config.ts';
import { openPipeline } from '../../services/cli/pipeline.ts';
import { flows, topicsFor } from '../../services/topology.ts';

const config = { ...readConfig(undefined), threads: 1 };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-pipeline-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('a damaged batch ends the pipeline with a sentence instead of keeping it waiting', async () => {
  const log = await openEmbeddedLog({ directory });
  await log.ensureTopics(topicsFor([]));
  await log.append([
    {
      topic: flows.find(({ kind }) => kind === 'transform')!.reads[0]!,
      key: 'k',
      value: Uint8Array.from(Buffer.from('x'.repeat(200))),
      headers: {},
      timestamp: Date.now(),
    },
  ]);
  await log.close();
  const db = new DatabaseSync(join(directory, 'log', 'log.sqlite'));
  const payload = db.prepare('SELECT payload FROM batches').get()?.['payload'] as Uint8Array;
  db.prepare('UPDATE batches SET payload = ?').run(payload.slice().fill(0xff, 30, 40));
  db.close();

  const pipeline = await openPipeline(directory, config);
  await expect(pipeline.failed).rejects.toMatchObject({
    name: 'SignpostError',
    code: 'log-corrupt',
    hint: expect.any(String),
  });
  await pipeline.close();
});

test("what ended the log's thread is told, not only that the stages lost it", async () => {
  const pipeline = await openPipeline(directory, config);
  // No client asks so: the thread's own code trips over it, as over a bug.
  pipeline.log.connect().postMessage(null);
  await expect(pipeline.failed).rejects.toMatchObject({
    code: 'log-closed',
    message: expect.stringContaining('Cannot destructure'),
  });
  await pipeline.close();
});
