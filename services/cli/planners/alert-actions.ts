// What people do to alerts from the pages and over HTTP: alert does it, and plans what is told of it by the targets that
// the configuration names.
import type { Db } from '#core/store/postgres.ts';
import { acknowledge, addSilence, endSilence } from '../../alert/actions.ts';
import { receiversOf } from '../../alert/deliver/receivers.ts';
import { readReceivers } from '../../alert/deliver/targets.ts';
import type { AlertActions } from '../../portal/alerts/actions.ts';
import type { Config } from '../config.ts';

/** @throws SignpostError `config-invalid` */
export function alertActions(db: Db, { alert }: Pick<Config, 'alert'>): AlertActions {
  const { targetsFile, reportingShare: share, falseAlarmsPerWeek: budgetPerWeek } = alert;
  const targets = targetsFile === undefined ? [] : readReceivers(targetsFile);
  const context = {
    share,
    budgetPerWeek,
    targetsOf: (...[record, told]: Parameters<Context['targetsOf']>) =>
      receiversOf(record, targets, told),
  };
  return {
    acknowledge: (id, doing) => acknowledge(db, id, doing, context),
    addSilence: async (silence, now) => (await addSilence(db, silence, context, now)).id,
    endSilence: (id, doing) => endSilence(db, id, doing, context),
  };
}

type Context = Parameters<typeof acknowledge>[3];
