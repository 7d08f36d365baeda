// After `npm ci`: makes the database that new data directories begin with, where there is what makes it (the image's
// first step has no services yet).
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const maker = join(import.meta.dirname, '..', 'services/core/store/prepare-store.ts');

if (existsSync(maker)) {
  try {
    const { prepareStore } = (await import(maker)) as { prepareStore: () => Promise<string> };
    await prepareStore();
  } catch (error) {
    console.error(
      `No database could be prepared: ${error instanceof Error ? error.message : String(error)}. Signpost is installed; each new data directory takes two seconds more.`,
    );
  }
}
