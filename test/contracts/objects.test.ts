// Every store of objects keeps one contract: that in memory, which other tests lean on, a directory, and a real S3.
import { createMemoryObjects } from '../support/memory-objects.ts';
import { objectsContract } from './objects.contract.ts';

objectsContract('memory', async () => {
  const store = createMemoryObjects();
  return { stores: [store, store.another()], dispose: () => store.close() };
});
