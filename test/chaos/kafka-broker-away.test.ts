// The broker is away with senders at the gateway: it says so, keeps nothing that it acknowledged to itself, and goes on
// by itself. Minutes of it are `npm run chaos -- --away 300`.
import { afterAll, expect, test } from 'vitest';
import { complaintsAboutAway, runBrokerAway } from '../../scripts/chaos/broker-away.ts';
import { root } from '../support/command.ts';

const ending = new AbortController();
afterAll(() => ending.abort());

test.concurrent.each([
  ['is killed', 'kill', 8_000],
  ['hangs', 'hang', 12_000],
] as const)(
  'while the broker %s senders are told 503, and what was acknowledged is on its topic',
  { timeout: 150_000 },
  async (_name, how, awayMs) => {
    const report = await runBrokerAway({
      root,
      how,
      awayMs,
      signal: ending.signal,
      say: () => {},
    });
    console.log(JSON.stringify(report));
    expect(complaintsAboutAway(report)).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(0);
  },
);
