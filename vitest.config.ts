// Tests run on the Node that `npm ci` brought. Servers start when the first test asks for them, once per run.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/servers/desk.ts'],
    testTimeout: 30_000,
    // The first file to ask for a server in a hook waits for its start, and once ever for its download.
    hookTimeout: 180_000,
    // Two at a time: tests of the log and of kills need the cores for themselves and their children.
    maxWorkers: 2,
  },
});
