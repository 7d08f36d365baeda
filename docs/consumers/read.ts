// Prints every insight of a department's stream as one line of JSON, until Ctrl-C. At least once: an insight counts as
// read when its line was written.
//
//   KAFKA_BROKERS=localhost:9092 bin/node docs/consumers/read.ts operations
import { once } from 'node:events';
import { subscribe } from '../../services/client/subscribe.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());

const subscription = await subscribe(
  process.argv[2] ?? 'operations',
  async (insight, { partition, offset, key, headers }) => {
    const line = JSON.stringify({ partition, offset, key, headers, insight });
    // Words are a customer's: escaped, they cannot steer a terminal.
    const safe = line.replace(/[\u007f-\uffff]/g, (each) => {
      return `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    if (!process.stdout.write(`${safe}\n`)) await once(process.stdout, 'drain');
  },
  { group: process.env['KAFKA_GROUP'] ?? 'operations.example', signal: stop.signal },
);
await subscription.closed;
