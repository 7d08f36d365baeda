// Topics and access rights on Kafka follow from the topology: words are forgotten in time, nobody may more than it does.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aclScript } from '../../services/cli/topics/acl-script.ts';
import { aclRules, usersOf, type AclOptions } from '../../services/cli/topics/acls.ts';
import { compareTopics, type ActualTopic } from '../../services/cli/topics/drift.ts';
import { infraFiles } from '../../services/cli/topics/infra-files.ts';
import { wantedTopics } from '../../services/cli/topics/wanted.ts';
import { loadShippedDepartments } from '../../services/classify/departments-file.ts';
import {
  erasureDeadlineMs,
  intakeTopics,
  recordsRejected,
  topicsFor,
} from '../../services/topology.ts';

const root = join(import.meta.dirname, '../..');
const departments = ['operations', 'op'];
const options: AclOptions = {
  departments,
  topicPrefix: '',
  principalPrefix: 'User:',
  runAs: new Map(),
  auditor: false,
};
const rules = aclRules(options);
const allowed = (user: string, resource: string, operation: string, given = rules): string[] =>
  given
    .filter(
      (rule) =>
        rule.principal === `User:${user}` &&
        rule.resource === resource &&
        rule.operations.includes(operation as never),
    )
    .map(({ name, pattern }) => (pattern === 'prefixed' ? `${name}*` : name));
const readersOf = (topic: string) =>
  rules
    .filter(({ name, operations }) => name === topic && operations.includes('Read'))
    .map(({ principal }) => principal.slice(5));

describe('access rights', () => {
  it('to read what came in has normalize alone, and to read dead letters the archive and the operator', () => {
    for (const { name } of intakeTopics) expect(readersOf(name)).toEqual(['normalize']);
    expect(readersOf(recordsRejected.name)).toEqual(['archive', 'operator']);
  });

  it('of a stage are its flow, its group and its transactions', () => {
    const outcomes = ['records.rejected.v1', 'records.dropped.v1'];
    expect(allowed('classify', 'topic', 'Read')).toEqual([
      'signals.normalized.v1',
      'signpost.schemas.v1',
    ]);
    expect(allowed('classify', 'topic', 'Write')).toEqual(['insights.shared.v1', ...outcomes]);
    expect(allowed('classify', 'group', 'Read')).toEqual(['signpost.classify']);
    expect(allowed('classify', 'transactional-id', 'Write')).toEqual(['signpost.classify.*']);
  });

  it('of the gateway let it see how far normalize is, and not read in its place', () => {
    const given = aclRules({ ...options, topicPrefix: 'dev.' });
    expect(allowed('gateway', 'group', 'Describe', given)).toEqual(['dev.signpost.normalize']);
    expect(allowed('gateway', 'group', 'Read', given)).toEqual([]);
  });

  it('of alert let it see how far the stages before it are, and read insights alone', () => {
    expect(allowed('alert', 'topic', 'Read')).toEqual([
      'insights.shared.v1',
      'signpost.schemas.v1',
      'signpost.checkpoints.v1',
    ]);
    expect(allowed('alert', 'group', 'Read')).toEqual(['signpost.alert']);
    expect(allowed('alert', 'group', 'Describe')).toEqual([
      'signpost.alert',
      'signpost.normalize',
      'signpost.classify',
    ]);
    expect(allowed('alert', 'topic', 'Describe')).toContain('tickets.reported.v1');
    expect(allowed('alert', 'topic', 'Write')).not.toContain('insights.shared.v1');
    expect(readersOf('alerts.raised.v1')).toEqual(['archive', 'responders', 'data', 'operator']);
  });

  it('to write judgements have the gateway and the portal, which take them in, and the operator', () => {
    const writers = rules
      .filter(
        ({ name, operations }) => name === 'insights.judged.v1' && operations.includes('Write'),
      )
      .map(({ principal }) => principal);
    expect(writers).toEqual(['User:gateway', 'User:portal', 'User:operator']);
    expect(readersOf('insights.judged.v1')).toEqual(['archive', 'data', 'trainer', 'operator']);
    const shared = aclRules({ ...options, runAs: new Map([['portal', 'all']]) });
    expect(allowed('all', 'topic', 'Write', shared)).toContain('insights.judged.v1');
  });

  it('of the projection are its flow, its group, and what it appends beside its transactions', () => {
    expect(allowed('aggregate', 'topic', 'Read')).toEqual([
      'insights.shared.v1',
      'insights.revised.v1',
      'signpost.schemas.v1',
      'signpost.checkpoints.v1',
    ]);
    expect(allowed('aggregate', 'topic', 'Write').slice(0, 3)).toEqual([
      'tickets.aggregated.v1',
      'records.rejected.v1',
      'records.dropped.v1',
    ]);
    expect(allowed('aggregate', 'group', 'Read')).toEqual(['signpost.aggregate']);
    expect(allowed('aggregate', 'transactional-id', 'Write')).toEqual([
      'signpost.aggregate.*',
      'signpost.append.*',
    ]);
    expect(readersOf('tickets.aggregated.v1')).toEqual(['planners', 'data', 'operator']);
  });

  it('of the archive are what it keeps, its group and its transactions, and dead letters alone to write', () => {
    const read = allowed('archive', 'topic', 'Read');
    expect(read).toContain('signals.normalized.v1');
    expect(read).toContain('records.rejected.v1');
    expect(read.filter((name) => intakeTopics.some((intake) => intake.name === name))).toEqual([]);
    expect(allowed('archive', 'topic', 'Write')).toEqual(['records.rejected.v1']);
    expect(allowed('archive', 'group', 'Read')).toEqual(['signpost.archive']);
    expect(allowed('archive', 'transactional-id', 'Write')).toEqual(['signpost.archive.*']);
  });

  it('of a department are its own stream and groups, though another’s name begins alike', () => {
    expect(allowed('department-op', 'topic', 'Read')).toEqual(['insights.op.v1']);
    expect(allowed('department-op', 'group', 'Read')).toEqual(['op', 'op.*']);
    expect(allowed('department-op', 'topic', 'Write')).toEqual([]);
  });

  it('of data teams are what is safe to share, and nothing raw', () => {
    const raw = topicsFor(departments).filter(({ words }) => words === 'raw');
    const read = allowed('data', 'topic', 'Read');
    expect(read).toContain('insights.shared.v1');
    expect(read.filter((name) => raw.some((topic) => topic.name === name))).toEqual([]);
  });

  it('to make and change topics has the operator alone', () => {
    for (const operation of ['Create', 'Alter', 'AlterConfigs']) {
      const who = rules.filter(({ operations }) => operations.includes(operation as never));
      expect([...new Set(who.map(({ principal }) => principal))]).toEqual(['User:operator']);
    }
  });

  it('to topics that replays make have the operator, who fills them, data teams, and whoever erases', () => {
    const given = aclRules({ ...options, topicPrefix: 'dev.' });
    const names = 'dev.insights-replayed.*';
    for (const [operation, users] of [
      ['Read', ['archive', 'data', 'operator']],
      ['Write', ['operator']],
      ['Create', ['operator']],
    ] as const)
      expect(
        usersOf(options).filter((user) => allowed(user, 'topic', operation, given).includes(names)),
      ).toEqual(users);
  });

  it('to reconcile has an auditor, when asked for', () => {
    const given = aclRules({ ...options, auditor: true });
    expect(allowed('auditor', 'topic', 'Read', given)).toContain(intakeTopics[0].name);
    expect(allowed('auditor', 'topic', 'Write', given)).toEqual([]);
    expect(usersOf({ ...options, auditor: true }).at(-1)).toBe('auditor');
  });

  it('of services that share a process are those of all, for one user', () => {
    const runAs = new Map([
      ['normalize', 'stages'],
      ['classify', 'stages'],
    ]);
    const given = aclRules({ ...options, runAs });
    expect(allowed('stages', 'topic', 'Read', given)).toContain('signals.normalized.v1');
    const signals = given.find(
      ({ principal, name }) => principal === 'User:stages' && name === 'signals.normalized.v1',
    );
    expect(signals?.operations).toEqual(['Write', 'Describe', 'Read']);
    expect(allowed('normalize', 'topic', 'Read', given)).toEqual([]);
  });

  it('carry the prefix of their deployment on every topic, group and transaction of the services', () => {
    const given = aclRules({ ...options, topicPrefix: 'dev.' });
    const services = given.filter(
      ({ principal }) => !/:(department|planners|responders|data|trainer)/.test(principal),
    );
    expect(services.filter(({ name }) => !name.startsWith('dev.'))).toEqual([]);
  });

  it('as a script are safe to run, whatever principals hold', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signpost-acls-'));
    try {
      const tool = join(folder, 'tool');
      writeFileSync(tool, '#!/bin/sh\nfor each; do printf "%s\\n" "$each"; done\n', {
        mode: 0o755,
      });
      const principalPrefix = `User:CN=o'neil "$(touch ${folder}/owned)" \`id\`, `;
      const hostile = aclRules({ ...options, principalPrefix });
      const script = aclScript(hostile, ['Comment.']);
      const env = { PATH: process.env['PATH'], BOOTSTRAP_SERVERS: 'host:1', KAFKA_ACLS: tool };
      const told = execFileSync('/bin/sh', ['-c', script], { env }).toString().split('\n');
      expect(told.filter((line) => line === `${principalPrefix}gateway`).length).toBe(
        hostile.filter(({ principal }) => principal === `${principalPrefix}gateway`).length,
      );
      expect(() => readFileSync(join(folder, 'owned'))).toThrow('ENOENT');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('and topics in infra/ are fresh', () => {
    const shipped = loadShippedDepartments().departments.map(({ name }) => name);
    for (const [path, text] of infraFiles(shipped)) {
      expect(readFileSync(join(root, path), 'utf8')).toBe(text);
    }
  });
});

const wanted = wantedTopics({ departments, topicPrefix: 'dev.', replicationFactor: 3 });
const asWanted = (): ActualTopic[] => wanted.map((topic) => ({ ...topic }));

describe('topics on Kafka', () => {
  it('with words are gone by the erasure deadline, segment and deletion included', () => {
    for (const { name, words } of topicsFor(departments)) {
      const { config } = wanted.find((topic) => topic.name === `dev.${name}`)!;
      // What is compacted is never gone.
      const keptMs = Number(config['retention.ms'] ?? Infinity);
      expect(keptMs).toBeGreaterThan(0);
      const latestMs = keptMs + Number(config['segment.ms']) + 6 * 60_000;
      expect(words === 'none' || latestMs <= erasureDeadlineMs).toBe(true);
    }
  });

  it('survive the loss of a broker without loss or standstill', () => {
    expect(new Set(wanted.map(({ config }) => config['min.insync.replicas']))).toEqual(
      new Set(['2']),
    );
    const alone = wantedTopics({ departments, topicPrefix: '', replicationFactor: 1 });
    expect(alone[0]?.config['min.insync.replicas']).toBe('1');
  });

  it('of bookkeeping and of cells are compacted: the last of each key is never forgotten', () => {
    const own = wanted.filter(({ config }) => config['cleanup.policy'] === 'compact');
    expect(own.map(({ name }) => name)).toEqual([
      'dev.tickets.aggregated.v1',
      'dev.signpost.schemas.v1',
      'dev.signpost.checkpoints.v1',
    ]);
  });
});

describe('drift', () => {
  it('is none when all is as it should be', () => {
    expect(compareTopics(wanted, asWanted(), [], 'dev.')).toEqual({
      missing: [],
      drift: [],
      leftOver: [],
    });
  });

  it('names topic, setting, what it is, what it should be, and what puts it right', () => {
    const [first, second, third] = asWanted() as [ActualTopic, ActualTopic, ActualTopic];
    const actual = [
      { ...first, partitions: 2 },
      { ...second, partitions: 9, replicationFactor: 2 },
      { ...third, config: { ...third.config, 'retention.ms': '1' } },
      ...asWanted().slice(4),
    ];
    const shouldBe = wanted[2]!.config['retention.ms'];
    const found = compareTopics(wanted, actual, ['dev.insights.gone.v1', 'other'], 'dev.');
    expect(found.missing.map(({ name }) => name)).toEqual([wanted[3]!.name]);
    expect(found.drift).toEqual([
      { topic: first.name, setting: 'partitions', is: '2', shouldBe: '4', remedy: 'grow' },
      { topic: second.name, setting: 'partitions', is: '9', shouldBe: '4', remedy: 'by-hand' },
      {
        topic: second.name,
        setting: 'replication.factor',
        is: '2',
        shouldBe: '3',
        remedy: 'by-hand',
      },
      { topic: third.name, setting: 'retention.ms', is: '1', shouldBe, remedy: 'mend' },
    ]);
    expect(found.leftOver).toEqual(['dev.insights.gone.v1']);
  });
});
