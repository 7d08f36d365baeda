// What the schema registry of the intake answers from, where it has one.
import { SignpostError } from '#core/errors.ts';
import { readRegistrySettings } from '#core/registry/registry-client.ts';
import type { RegistryParts } from '../../gateway/http/registry-routes.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';
import { registeredTopics } from '../topics/log-schemas.ts';
import type { ServiceLog } from './open-service-log.ts';

/** The schemas are told from the start, those of other releases once the log is open. */
export function registryOf(
  at: LogAt,
  { schemaRegistry }: Config,
  departments: readonly string[],
  opened: () => ServiceLog | undefined,
): RegistryParts | undefined {
  if (at.kind === 'kafka' && readRegistrySettings(schemaRegistry?.url, process.env) !== undefined)
    return undefined;
  return {
    topics: registeredTopics(departments, at.kind === 'kafka' ? at.settings.topicPrefix : ''),
    source: {
      find: (ids) =>
        opened()?.served?.source?.find(ids) ??
        Promise.reject(new SignpostError('log-unavailable', 'The log is not opened yet')),
    },
  };
}
