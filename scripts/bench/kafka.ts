// Bench: normalize, classify and publish on a real broker with exactly once, beside the same without transactions and as
// a plain kafkajs chain; and the time from acceptance to a department stream. Broker and database share the processors.
import { availableParallelism } from 'node:os';
import { startCluster, type Fusion } from './kafka/cluster.ts';
import { measureLatency, type LatencyFigures } from './kafka/latency.ts';
import { madeUpPosts } from './kafka/posts.ts';
import { startProgram, startRun, type WorkerOptions } from './kafka/processes.ts';
import { measureThroughput, type ThroughputFigures, type Way } from './kafka/throughput.ts';

export interface KafkaFigures {
  readonly processors: number;
  readonly throughput: readonly ThroughputFigures[];
  readonly latency: readonly LatencyFigures[];
}

export interface KafkaBenchOptions {
  /** Signals measured of each way; a quarter of them more go before, not measured. A slow way gets a tenth. */
  readonly records: number;
  /** Names of ways, see `kafkaWays`; none means all. */
  readonly ways: readonly string[];
  /** A folder for profiles of the processor. */
  readonly profile?: string | undefined;
}

interface Setup {
  readonly program: 'run' | 'without-transactions.ts' | 'each-message.ts';
  readonly fusion: Fusion;
  /** The stages of each process. */
  readonly processes: readonly (readonly string[])[];
}

const all = ['normalize', 'classify', 'publish'];
const each = all.map((stage) => [stage]);
const lean: Fusion = { enabled: true, write: [] };
const writing: Fusion = { enabled: true, write: ['signals.normalized.v1'] };
const off: Fusion = { enabled: false, write: [] };

const throughputWays: Readonly<Record<string, Setup>> = {
  fused: { program: 'run', fusion: lean, processes: [all] },
  'fused-2': { program: 'run', fusion: lean, processes: [all, all] },
  'fused-writing': { program: 'run', fusion: writing, processes: [all] },
  'fused-writing-2': { program: 'run', fusion: writing, processes: [all, all] },
  separate: { program: 'run', fusion: off, processes: each },
  'no-transactions-fused': { program: 'without-transactions.ts', fusion: lean, processes: [all] },
  'no-transactions-fused-2': {
    program: 'without-transactions.ts',
    fusion: lean,
    processes: [all, all],
  },
  'no-transactions-separate': {
    program: 'without-transactions.ts',
    fusion: off,
    processes: each,
  },
  'each-message': { program: 'each-message.ts', fusion: off, processes: [all] },
  'each-message-separate': { program: 'each-message.ts', fusion: off, processes: each },
};
const latencyWays: Readonly<Record<string, Setup>> = {
  'latency-fused': throughputWays['fused']!,
  'latency-fused-2': throughputWays['fused-2']!,
  'latency-separate': throughputWays['separate']!,
};

export const kafkaWays = [...Object.keys(throughputWays), ...Object.keys(latencyWays)];

const latencyOptions = { perSecond: 1_000, warmUpSeconds: 5, seconds: 20 };

export async function benchKafka(options: KafkaBenchOptions): Promise<KafkaFigures> {
  const { records, ways, profile } = options;
  const isAsked = (name: string): boolean => ways.length === 0 || ways.includes(name);
  // What was started ends with the process, but only when that ends by itself.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const cluster = await startCluster();
  const throughput: ThroughputFigures[] = [];
  const latency: LatencyFigures[] = [];
  try {
    for (const [name, setup] of Object.entries(throughputWays)) {
      if (!isAsked(name)) continue;
      const count = setup.program === 'each-message.ts' ? Math.ceil(records / 10) : records;
      const warmUp = Math.ceil(count / 4);
      const posts = madeUpPosts(count + warmUp, Date.now());
      const way = wayOf(name, setup, { profile });
      throughput.push(await measureThroughput(cluster, way, posts, warmUp));
      console.error(JSON.stringify(throughput.at(-1)));
    }
    for (const [name, setup] of Object.entries(latencyWays)) {
      if (!isAsked(name)) continue;
      latency.push(await measureLatency(cluster, wayOf(name, setup, { profile }), latencyOptions));
      console.error(JSON.stringify(latency.at(-1)));
    }
  } finally {
    await cluster.stop();
  }
  return { processors: availableParallelism(), throughput, latency };
}

function wayOf(name: string, { program, fusion, processes }: Setup, options: WorkerOptions): Way {
  return {
    name,
    start(deployment) {
      const config = deployment.configure(fusion);
      return Promise.all(
        processes.map((stages) =>
          program === 'run'
            ? startRun(stages, config, options)
            : startProgram(program, [config, ...stages], options),
        ),
      );
    },
  };
}
