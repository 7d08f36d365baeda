// Tests run on the Node that `npm ci` brought. Servers start when the first test asks for them, once per run.
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What waits longest begins first, or the end of a run would wait for it alone. */
class ChaosFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      moduleId.includes('/test/chaos/') ? 0 : moduleId.includes('/test/contracts/') ? 1 : 2;
    // oxlint-disable-next-line unicorn/no-array-sort -- not that of an array
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [
      'test/support/servers/desk.ts',
      'test/support/prepared-store.ts',
      'test/support/browser-pages.ts',
    ],
    // For what hangs. What is slow on a machine that has much else to do need not fail.
    testTimeout: 120_000,
    // The first file to ask for a server in a hook waits for its start, and once ever for its download.
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // Of the tests of servers and kills most wait for something at any time.
    maxWorkers: 3,
    // Each file has modules of its own: zod's registry of schemas and other things of a process would pass from one to the next.
    isolate: true,
    experimental: { fsModuleCache: true, fsModuleCachePath: 'node_modules/.cache/vitest' },
    sequence: { sequencer: ChaosFirst },
  },
});
