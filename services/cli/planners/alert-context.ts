// What the lifecycle of alerts needs of the configuration, wherever counts or people change an incident.
import { receiversOf } from '../../alert/deliver/receivers.ts';
import { readTargets, type Targets } from '../../alert/deliver/targets.ts';
import type { TickContext } from '../../alert/tick.ts';
import type { Config } from '../config.ts';

/** Nobody, where no file of targets is named. @throws SignpostError `config-invalid` */
export function targetsOf({ alert }: Pick<Config, 'alert'>): Targets | undefined {
  return alert.targetsFile === undefined ? undefined : readTargets(alert.targetsFile);
}

/** @param targets those that may be told */
export function alertContext(
  { alert }: Pick<Config, 'alert'>,
  targets: Parameters<typeof receiversOf>[1],
): TickContext {
  return {
    share: alert.reportingShare,
    budgetPerWeek: alert.falseAlarmsPerWeek,
    targetsOf: (record, told) => receiversOf(record, targets, told),
  };
}
