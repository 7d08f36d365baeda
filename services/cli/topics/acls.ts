// Who may do what on a cluster: one user to a service, and no more than its flow in services/topology.ts says. Pure.
import { groupOf } from '#core/run-stage.ts';
import {
  checkpointsKept,
  departmentStreams,
  flows,
  insightsOf,
  internalTopics,
  replayedPrefix,
  schemasAnnounced,
  topicsFor,
  type Flow,
} from '../../topology.ts';
import { stagesBefore } from '../../alert/barrier.ts';
import { behindGateway } from '../run/services.ts';

/** By the names that kafka-acls.sh has for them. */
export type AclOperation =
  | 'Read'
  | 'Write'
  | 'Create'
  | 'Alter'
  | 'Describe'
  | 'DescribeConfigs'
  | 'AlterConfigs';

export interface AclRule {
  /** For example `User:signpost-classify`. */
  readonly principal: string;
  readonly resource: 'topic' | 'group' | 'transactional-id';
  readonly name: string;
  /** `prefixed`: every name that begins with it. */
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly AclOperation[];
}

export interface AclOptions {
  readonly departments: readonly string[];
  /** Stands before topics, groups and transactional ids. */
  readonly topicPrefix: string;
  /** Stands before the name of each user, for example `User:signpost-`. */
  readonly principalPrefix: string;
  /** Services that run in one process, and so as one user, by the name of that user. */
  readonly runAs: ReadonlyMap<string, string>;
  /** Also the user `auditor`, for `reconcile`: it reads intake topics, words and all. */
  readonly auditor: boolean;
}

/** Services and readers that the rules are for, in flow order; `department-<name>` for each department. */
export function usersOf({ departments, auditor, runAs }: AclOptions): readonly string[] {
  const users = flows.flatMap(({ name }) =>
    name === 'departments' ? departments.map(readerOf) : [runAs.get(name) ?? name],
  );
  return [...new Set([...users, ...(auditor ? ['auditor'] : [])])];
}

/** The rules, each resource of a user once, in flow order. */
export function aclRules(options: AclOptions): readonly AclRule[] {
  const { departments, topicPrefix, principalPrefix, runAs } = options;
  const rules = new Map<string, { rule: AclRule; operations: Set<AclOperation> }>();
  const allowTo =
    (user: string): Allow =>
    (resource, name, pattern, ...operations) => {
      const principal = principalPrefix + (runAs.get(user) ?? user);
      const key = JSON.stringify([principal, resource, name, pattern]);
      const known = rules.get(key);
      if (known === undefined) {
        const rule: AclRule = { principal, resource, name, pattern, operations };
        rules.set(key, { rule, operations: new Set(operations) });
      } else for (const operation of operations) known.operations.add(operation);
    };

  for (const flow of flows) {
    if (flow.name === 'departments') {
      for (const department of departments) {
        const allow = allowTo(readerOf(department));
        allow('topic', topicPrefix + insightsOf(department).name, 'literal', 'Read', 'Describe');
        allowGroups(allow, department);
      }
      continue;
    }
    const allow = allowTo(flow.name);
    for (const name of expand(flow.reads, departments)) {
      allow('topic', topicPrefix + name, 'literal', 'Read', 'Describe');
    }
    for (const name of expand(flow.writes, departments)) {
      allow('topic', topicPrefix + name, 'literal', 'Write', 'Describe');
    }
    if (flow.kind === 'reader' && flow.name !== 'operator') allowGroups(allow, flow.name);
    else allowEngine(allow, flow, topicPrefix);
    if (flow.name === 'alert') {
      // Whether all that was accepted is counted it sees by offsets: of the intake, whose words it does not read, too.
      for (const { group, topics } of stagesBefore) {
        allow('group', topicPrefix + group, 'literal', 'Describe');
        for (const name of topics) allow('topic', topicPrefix + name, 'literal', 'Describe');
      }
    }
    if (flow.name === 'gateway') {
      for (const { group } of behindGateway) {
        allow('group', topicPrefix + group, 'literal', 'Describe');
      }
    }
  }
  allowReplayed(allowTo, topicPrefix);
  allowErasing(allowTo('archive'), topicPrefix);
  allowUpkeep(allowTo('operator'), options);
  if (options.auditor) allowAudit(allowTo('auditor'), options);
  return [...rules.values()].map(({ rule, operations }) => ({
    ...rule,
    operations: [...operations],
  }));
}

type Allow = (
  resource: AclRule['resource'],
  name: string,
  pattern: AclRule['pattern'],
  ...operations: AclOperation[]
) => void;

/** Topics that `signpost archive replay` makes, under names of the moment: the operator fills them, data teams read them. */
function allowReplayed(allowTo: (user: string) => Allow, topicPrefix: string): void {
  const names = topicPrefix + replayedPrefix;
  allowTo('data')('topic', names, 'prefixed', 'Read', 'Describe');
  const operator = ['Read', 'Write', 'Create', 'Describe', 'DescribeConfigs'] as const;
  allowTo('operator')('topic', names, 'prefixed', ...operator);
}

/** The archive's keeper makes the passes of erasures: it tells by when topics have forgotten whom. */
function allowErasing(allow: Allow, topicPrefix: string): void {
  const { reads } = flows.find(({ name }) => name === 'archive')!;
  for (const name of reads) allow('topic', topicPrefix + name, 'literal', 'DescribeConfigs');
  const names = topicPrefix + replayedPrefix;
  allow('topic', names, 'prefixed', 'Read', 'Describe', 'DescribeConfigs');
}

export function readerOf(department: string): string {
  return `department-${department}`;
}

/** Consumer groups of a reader: the one of its name, and those that go on with a dot. */
function allowGroups(allow: Allow, name: string): void {
  allow('group', name, 'literal', 'Read', 'Describe');
  allow('group', `${name}.`, 'prefixed', 'Read', 'Describe');
}

/**
 * What the engine needs beside its topics. No right on the cluster is among it: from Kafka 3.0 on, whoever may write to
 * a topic may do so idempotently (KIP-679).
 */
function allowEngine(allow: Allow, { name, kind }: Flow, topicPrefix: string): void {
  allow('topic', topicPrefix + schemasAnnounced.name, 'literal', 'Read', 'Describe');
  if (kind === 'transform' || kind === 'projection' || kind === 'delivery') {
    const group = topicPrefix + groupOf(name);
    allow('group', group, 'literal', 'Read', 'Describe');
    allow('transactional-id', `${group}.`, 'prefixed', 'Write', 'Describe');
  }
  if (kind !== 'transform' && kind !== 'delivery') {
    // Whoever appends does so under an id of the moment; imports and replays write down where they stand.
    const appending = `${topicPrefix}signpost.append.`;
    allow('transactional-id', appending, 'prefixed', 'Write', 'Describe');
    allow('topic', topicPrefix + checkpointsKept.name, 'literal', 'Read', 'Write', 'Describe');
  }
}

/** `signpost topics apply`, and looking at how far everybody is. */
function allowUpkeep(allow: Allow, { departments, topicPrefix }: AclOptions): void {
  const upkeep = ['Create', 'Alter', 'Describe', 'DescribeConfigs', 'AlterConfigs'] as const;
  for (const { name } of [...topicsFor(departments), ...internalTopics]) {
    allow('topic', topicPrefix + name, 'literal', ...upkeep);
  }
  allow('topic', topicPrefix + schemasAnnounced.name, 'literal', 'Read', 'Write');
  allow('group', `${topicPrefix}signpost.`, 'prefixed', 'Describe');
}

function allowAudit(allow: Allow, { departments, topicPrefix }: AclOptions): void {
  for (const { name } of [...topicsFor(departments), ...internalTopics]) {
    allow('topic', topicPrefix + name, 'literal', 'Read', 'Describe');
  }
  allow('group', `${topicPrefix}signpost.`, 'prefixed', 'Describe');
}

function expand(names: readonly string[], departments: readonly string[]): readonly string[] {
  return names.flatMap((name) =>
    name === departmentStreams ? departments.map((each) => insightsOf(each).name) : [name],
  );
}
