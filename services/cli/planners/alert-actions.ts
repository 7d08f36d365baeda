// What people do to alerts from the pages, over HTTP and by command: alert does it, and plans what is told of it by the
// targets that the configuration names.
import type { Db } from '#core/store/postgres.ts';
import { acknowledge, addSilence, endSilence } from '../../alert/actions.ts';
import { readReceivers } from '../../alert/deliver/targets.ts';
import type { AlertActions } from '../../portal/alerts/actions.ts';
import type { Config } from '../config.ts';
import { alertContext } from './alert-context.ts';

/** @throws SignpostError `config-invalid` */
export function alertActions(db: Db, config: Pick<Config, 'alert'>): AlertActions {
  const { targetsFile } = config.alert;
  const targets = targetsFile === undefined ? [] : readReceivers(targetsFile);
  const context = alertContext(config, targets);
  return {
    acknowledge: (id, doing) => acknowledge(db, id, doing, context),
    addSilence: async (silence, now) => (await addSilence(db, silence, context, now)).id,
    endSilence: (id, doing) => endSilence(db, id, doing, context),
  };
}
