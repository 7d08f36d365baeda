// Every store of objects keeps one contract: that in memory, which other tests lean on, a directory, and a real S3.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDirectoryStore } from '../../services/core/objects/directory.ts';
import { openS3Store } from '../../services/core/objects/s3.ts';
import { createMemoryObjects } from '../support/memory-objects.ts';
import { newBucket } from '../support/s3-bucket.ts';
import { objectsContract } from './objects.contract.ts';

objectsContract('memory', async () => {
  const store = createMemoryObjects();
  return { stores: [store, store.another()], dispose: () => store.close() };
});

objectsContract('a directory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-objects-'));
  const root = join(folder, 'archive');
  const stores = [await openDirectoryStore(root), await openDirectoryStore(root)] as const;
  return {
    stores,
    async dispose() {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

objectsContract('S3', async () => {
  const bucket = await newBucket();
  const stores = [await openS3Store(bucket), await openS3Store(bucket)] as const;
  return {
    stores,
    async dispose() {
      for (const store of stores) await store.close();
    },
  };
});
