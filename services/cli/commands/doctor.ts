// Definition of `signpost doctor`.
import type { Command } from 'commander';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

export interface DoctorOptions extends LogOptions {
  readonly json?: true;
}

export function addDoctor(program: Command): void {
  withLogOptions(program.command('doctor'))
    .summary('check that this machine is ready')
    .description(
      'Checks what Signpost needs here, on its data directory or with its cluster, and says what to do where something is\n' +
        'wrong. Exit code 1 then.',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost doctor --data /var/lib/signpost', 'before it is started there'],
        ['signpost doctor --brokers kafka-1:9092', 'whether a cluster has what services need'],
      ),
    )
    .action(async (options: DoctorOptions, command: Command) => {
      const { doctor } = await import('../doctor/doctor.ts');
      await doctor(placeOf(command, options), options);
    });
}
