// Definition of `signpost doctor`.
import type { Command } from 'commander';
import { configOption, dataOption, examples, jsonOption } from '../options.ts';

export interface DoctorOptions {
  readonly data: string;
  readonly config?: string;
  readonly json?: true;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check that this machine is ready')
    .description(
      'Checks what Signpost needs, and says what to do where something is wrong. Exit code 1 then.',
    )
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(['signpost doctor --data /var/lib/signpost', 'before it is started there']),
    )
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('../doctor/doctor.ts');
      await doctor(options);
    });
}
