// Definition of `signpost run`.
import type { Command } from 'commander';
import { examples, placeOf, wholeNumber, withLogOptions, type LogOptions } from '../options.ts';

interface Options extends LogOptions {
  readonly port?: number;
  readonly probePort?: number;
  readonly probeHost?: string;
  readonly createTopics?: true;
}

export function addRun(program: Command): void {
  withLogOptions(program.command('run'))
    .summary(
      'run one or several services: gateway, normalize, classify, publish, aggregate, portal',
    )
    .description(
      'Runs services until SIGTERM or Ctrl-C. On a Kafka cluster each may be a process of its own, in any number of\n' +
        'copies; those named together share one. On a data directory all that run are named together. Servers may come\n' +
        'up in any order: what is away is waited for. docs/running-services.md tells what each needs.',
    )
    .argument('<services...>', 'gateway, normalize, classify, publish, aggregate, portal')
    .option(
      '--port <n>',
      'port of the HTTP server of gateway and portal, 0 for any free one (default: 8080)',
      wholeNumber(0, 65_535),
    )
    .option(
      '--probe-port <n>',
      'port of /livez, /readyz and /metrics, 0 for any free one (default: 9464)',
      wholeNumber(0, 65_535),
    )
    .option('--probe-host <host>', 'address of the same (default: 127.0.0.1)')
    .option('--create-topics', 'create topics that are missing on the cluster')
    .addHelpText(
      'after',
      examples(
        ['signpost run normalize --brokers kafka-1:9092', 'one stage; start it again for a copy'],
        [
          'signpost run gateway normalize classify publish aggregate portal --data ./data',
          'everything in one process, on the embedded log',
        ],
        ['curl -s localhost:9464/readyz', 'whether it is ready, and why not'],
      ),
    )
    .action(async (names: readonly string[], options: Options, command: Command) => {
      const { servicesOf } = await import('../run/services.ts');
      const { runServices } = await import('../run/run-services.ts');
      await runServices({
        services: servicesOf(names),
        place: placeOf(command, options),
        port: options.port,
        probePort: options.probePort,
        probeHost: options.probeHost,
        createTopics: options.createTopics === true,
      });
    });
}
