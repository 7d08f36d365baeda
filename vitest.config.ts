// Tests run on the Node that `npm ci` brought; most need no server.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Two at a time: tests of the log and of kills need the cores for themselves and their children.
    maxWorkers: 2,
  },
});
