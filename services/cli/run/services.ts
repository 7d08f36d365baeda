// The services that `signpost run` knows, and what each needs of the log: all of it follows from the topology.
import { SignpostError } from '#core/errors.ts';
import type { GroupReads } from '#core/lag.ts';
import { groupOf } from '#core/run-stage.ts';
import { departmentStreams, flows, insightsOf, intakeTopics } from '../../topology.ts';
import { nearest } from '#core/nearest.ts';
import { stageNames, type StageName } from '../stage-names.ts';

export const serviceNames = [
  'gateway',
  ...stageNames,
  'aggregate',
  'alert',
  'archive',
  'portal',
] as const;
export type ServiceName = (typeof serviceNames)[number];

/** @throws SignpostError `unknown-service`. */
export function servicesOf(names: readonly string[]): readonly ServiceName[] {
  const chosen = new Set<ServiceName>();
  for (const name of names) {
    const known = serviceNames.find((service) => service === name);
    if (known === undefined) {
      const meant = nearest(name, serviceNames);
      throw new SignpostError(
        'unknown-service',
        `There is no service ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
        { hint: `There are ${serviceNames.join(', ')}.` },
      );
    }
    chosen.add(known);
  }
  return serviceNames.filter((name) => chosen.has(name));
}

/** Services that run a stage, with those of the pipeline among them. */
export type RunningStage = StageName | StoreStage | 'archive';
/** Stages that write to the planners' database. */
export type StoreStage = 'aggregate' | 'alert';

export function isStage(service: ServiceName): service is StageName {
  return stageNames.some((name) => name === service);
}

function runsStage(service: ServiceName): service is RunningStage {
  return isStage(service) || isStoreStage(service) || service === 'archive';
}

export function isStoreStage(service: ServiceName): service is StoreStage {
  return service === 'aggregate' || service === 'alert';
}

/** Services that answer over HTTP. */
export function isHttp(service: ServiceName): boolean {
  return service === 'gateway' || service === 'portal';
}

/** Services that need the planners' database. */
export function needsStore(services: readonly ServiceName[]): boolean {
  return services.some(isStoreStage) || services.includes('portal');
}

/** Names of the topics that services read or write. */
export function topicsOf(
  services: readonly ServiceName[],
  departments: readonly string[],
): readonly string[] {
  const names = flows
    .filter(({ name }) => services.some((service) => service === name))
    .flatMap(({ reads, writes }) => [...reads, ...writes]);
  const real = names.flatMap((name) =>
    name === departmentStreams ? departments.map((each) => insightsOf(each).name) : [name],
  );
  return [...new Set(real)];
}

/** The consumer groups of services, with what they read. */
export function groupsOf(
  services: readonly ServiceName[],
): readonly (GroupReads & { readonly name: RunningStage })[] {
  return services.filter(runsStage).map((service) => ({
    name: service,
    group: groupOf(service),
    topics: flows.find(({ name }) => name === service)?.reads ?? [],
  }));
}

/** What waits behind the gateway: when it grows too large, senders are asked to come again later. */
export const behindGateway: readonly GroupReads[] = [
  { group: groupOf('normalize'), topics: intakeTopics.map(({ name }) => name) },
];
