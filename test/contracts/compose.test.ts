// docker-compose.yml as Docker Compose reads it: what runs, hardened how, reachable from where, in which order.
import { beforeAll, describe, expect, test } from 'vitest';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../services/cli/config.ts';
import { flows } from '../../services/topology.ts';
import { root } from '../support/command.ts';
import {
  readContainerFiles,
  type ComposeProject,
  type ComposeService,
  type ContainerFiles,
} from '../support/container-files.ts';

const clusterEnv = join(root, 'infra/compose/cluster.env');
const brokers = ['kafka', 'kafka-2', 'kafka-3'];

let files: ContainerFiles;
let one: ComposeProject;
let cluster: ComposeProject;
beforeAll(async () => {
  files = await readContainerFiles();
  [one, cluster] = await Promise.all([files.compose(), files.compose({}, clusterEnv)]);
});

const ours = (): [string, ComposeService][] =>
  Object.entries(one.services).filter(([, { build }]) => build !== undefined);
const all = (): [string, ComposeService][] => Object.entries(cluster.services);
/** Those that run until they are stopped. */
const lasting = () => ours().filter(([, { healthcheck }]) => healthcheck?.disable !== true);

describe('docker-compose.yml', () => {
  test('loads with nothing set', () => {
    expect(one.name).toBe('signpost');
    expect(Object.keys(one.services).toSorted()).toEqual(
      'aggregate alert archive bucket classify gateway kafka keys normalize portal postgres publish s3 topics'.split(
        ' ',
      ),
    );
  });

  test('runs every service of the topology, each as a process of its own', () => {
    const running = flows.filter(({ kind }) => kind !== 'reader').map(({ name }) => name);
    expect(
      lasting()
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(running.toSorted());
    for (const name of running) expect(one.services[name]!.command).toEqual(['run', name]);
    expect(one.services['topics']!.command).toEqual(['topics', 'apply']);
  });

  test('our image runs with nothing it does not need', () => {
    expect(ours().length).toBeGreaterThan(5);
    for (const [name, service] of ours()) {
      expect({ name, ...service }).toMatchObject({
        name,
        image: 'signpost:local',
        init: true,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: '15s',
        deploy: { resources: { limits: { cpus: expect.any(Number), memory: expect.any(String) } } },
      });
      expect(service.deploy!.resources!.limits!.pids).toBeGreaterThan(0);
      // Who it runs as is said by the image.
      const { cap_add, privileged, user } = service;
      expect({ name, cap_add, privileged, user }).toEqual({ name });
      expect(service.tmpfs).toEqual([expect.stringMatching(/^\/tmp:.*noexec,nosuid,nodev$/)]);
    }
  });

  test('every server and service tells whether it is healthy, the services by their readiness', () => {
    const unchecked = all().filter(([, { healthcheck }]) => healthcheck?.test === undefined);
    expect(unchecked.map(([name]) => name)).toEqual(['bucket', 'keys', 'topics']);
    for (const [, { healthcheck }] of lasting()) {
      expect(healthcheck!.test!.join(' ')).toContain('127.0.0.1:9464/readyz');
    }
  });

  test('the port that is probed is the one that is configured, and the intake listens where it is published', () => {
    const config = readConfig(join(root, 'infra/compose/signpost.yaml'), {});
    expect(config.probes).toEqual({ host: '0.0.0.0', port: 9464 });
    expect(config.gateway).toMatchObject({ host: '0.0.0.0', port: 8080 });
    for (const name of ['gateway', 'portal'])
      expect(one.services[name]!.ports!.map(({ target }) => target)).toEqual([8080]);
  });

  test('nothing is reachable from beyond this machine', () => {
    const ports = all().flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBe(7);
    for (const { host_ip } of ports) expect(host_ip).toBe('127.0.0.1');
    expect(new Set(ports.map(({ published }) => published)).size).toBe(7);
    expect(all().some(([, { network_mode }]) => network_mode === 'host')).toBe(false);
  });

  test('copies of a service do not get in each others way', async () => {
    expect(all().flatMap(([, service]) => service.container_name ?? [])).toEqual([]);
    const scaled = await files.compose({
      GATEWAY_COPIES: '2',
      GATEWAY_PORT: '8080-8081',
      NORMALIZE_COPIES: '3',
      CLASSIFY_COPIES: '4',
      PUBLISH_COPIES: '5',
      AGGREGATE_COPIES: '2',
      ALERT_COPIES: '2',
      ARCHIVE_COPIES: '3',
      PORTAL_COPIES: '2',
      PORTAL_PORT: '8090-8091',
    });
    const copies = [
      'gateway',
      'normalize',
      'classify',
      'publish',
      'aggregate',
      'alert',
      'archive',
      'portal',
    ].map((name) => scaled.services[name]!.deploy!.replicas);
    expect(copies).toEqual([2, 3, 4, 5, 2, 2, 3, 2]);
    expect(scaled.services['gateway']!.ports).toMatchObject([{ published: '8080-8081' }]);
    expect(scaled.services['portal']!.ports).toMatchObject([{ published: '8090-8091' }]);
    const published = ['normalize', 'classify', 'publish', 'aggregate', 'alert', 'archive'].map(
      (name) => scaled.services[name]!.ports,
    );
    expect(published.every((ports) => ports === undefined)).toBe(true);
  });

  test('images are pinned to a version', () => {
    const images = all().map(([, { image }]) => image);
    for (const image of images) expect(image).toMatch(/^[a-z/]+:[A-Za-z0-9.-]+$/);
    expect(images.filter((image) => image.endsWith(':latest'))).toEqual([]);
  });

  test('the flow starts once its topics exist, and those once every broker serves', () => {
    for (const [name, { depends_on }] of lasting()) {
      expect({ name, depends_on }).toMatchObject({
        name,
        depends_on: { topics: { condition: 'service_completed_successfully' } },
      });
    }
    const of = (project: ComposeProject) => project.services['topics']!.depends_on;
    expect(of(one)).toMatchObject({ kafka: { condition: 'service_healthy', required: true } });
    for (const name of brokers)
      expect(of(cluster)).toMatchObject({ [name]: { condition: 'service_healthy' } });
  });

  test('secrets reach the service that needs them and no other', () => {
    const holders = (pattern: RegExp) =>
      Object.entries(one.services)
        .filter(([, { environment = {} }]) => Object.keys(environment).some((n) => pattern.test(n)))
        .map(([name]) => name)
        .toSorted();
    expect(holders(/^SIGNPOST_PSEUDONYM_KEYS/)).toEqual(['keys', 'normalize']);
    expect(holders(/^DATABASE_URL$/)).toEqual(['aggregate', 'alert', 'normalize', 'portal']);
    expect(holders(/^POSTGRES_PASSWORD$/)).toEqual(['postgres']);
    expect(holders(/^ROOT_SECRET_ACCESS_KEY$/)).toEqual(['s3']);
    expect(holders(/^AWS_SECRET_ACCESS_KEY$/)).toEqual(['archive', 'bucket']);
    const reaching = (network: string) =>
      Object.entries(one.services)
        .filter(([, { networks = {} }]) => network in networks)
        .map(([name]) => name);
    expect(reaching('store').toSorted()).toEqual([
      'aggregate',
      'alert',
      'normalize',
      'portal',
      'postgres',
    ]);
    expect(reaching('objects').toSorted()).toEqual(['archive', 'bucket', 's3']);
  });

  test('what is set replaces what is for local use alone', async () => {
    expect(JSON.stringify(one)).toContain('for-local-use-only');
    const set = await files.compose({
      POSTGRES_PASSWORD: '5d0c1a',
      S3_SECRET_ACCESS_KEY: '77aa31',
      SIGNPOST_PSEUDONYM_KEYS: 'k1:AAAAAAAAAAAAAAAAAAAAAA==',
      KAFKA_BROKERS: 'b1.example:9093,b2.example:9093',
      KAFKA_TLS: 'true',
    });
    expect(JSON.stringify(set)).not.toContain('for-local-use-only');
    expect(set.services['normalize']!.environment).toMatchObject({
      DATABASE_URL: 'postgres://signpost:5d0c1a@postgres:5432/signpost',
      SIGNPOST_PSEUDONYM_KEYS: 'k1:AAAAAAAAAAAAAAAAAAAAAA==',
      KAFKA_BROKERS: 'b1.example:9093,b2.example:9093',
      KAFKA_TLS: 'true',
    });
  });

  test('configuration is a file: content cannot be put into a container that is read-only', () => {
    expect(Object.keys(one.configs)).toEqual(['signpost']);
    const { file, content } = one.configs['signpost']!;
    expect({ content, exists: existsSync(file!) }).toEqual({ exists: true });
    for (const [, { configs }] of lasting())
      expect(configs).toMatchObject([{ target: '/etc/signpost/signpost.yaml' }]);
  });
});

describe('infra/compose/cluster.env', () => {
  test('adds two brokers, in a project of its own, and nothing else', () => {
    expect(cluster.name).toBe('signpost-cluster');
    expect(Object.keys(cluster.services).toSorted()).toEqual(
      [...Object.keys(one.services), 'kafka-2', 'kafka-3'].toSorted(),
    );
    const volumes = brokers.map((name) => cluster.services[name]!.volumes!.map((v) => v.source));
    expect(new Set(volumes.flat()).size).toBe(3);
  });

  test('every broker knows all three as voters, itself by its own id, and keeps two of three copies', () => {
    brokers.forEach((name, index) => {
      const settings = cluster.services[name]!.environment!;
      expect(settings).toMatchObject({
        KAFKA_NODE_ID: String(index + 1),
        KAFKA_CONTROLLER_QUORUM_VOTERS: brokers.map((b, i) => `${i + 1}@${b}:29092`).join(','),
        KAFKA_ADVERTISED_LISTENERS: expect.stringContaining(`INSIDE://${name}:19092,`),
        CLUSTER_ID: one.services['kafka']!.environment!['CLUSTER_ID'],
      });
      const ending = (end: RegExp) =>
        Object.keys(settings)
          .filter((key) => end.test(key))
          .map((key) => settings[key]);
      expect(ending(/REPLICATION_FACTOR$/)).toEqual(['3', '3', '3', '3']);
      expect(ending(/(MIN_ISR|INSYNC_REPLICAS)$/)).toEqual(['2', '2', '2']);
    });
  });

  test('services find all of them, and create topics on all of them', () => {
    for (const name of [
      'topics',
      'gateway',
      'normalize',
      'classify',
      'publish',
      'aggregate',
      'alert',
      'archive',
      'portal',
    ]) {
      expect(cluster.services[name]!.environment).toMatchObject({
        KAFKA_BROKERS: brokers.map((broker) => `${broker}:19092`).join(','),
        KAFKA_REPLICATION_FACTOR: '3',
      });
    }
    expect(one.services['gateway']!.environment).toMatchObject({
      KAFKA_BROKERS: 'kafka:19092',
      KAFKA_REPLICATION_FACTOR: '1',
    });
  });

  test('what a broker tells programs of this machine is where its port is published', () => {
    for (const name of brokers) {
      const { environment, ports } = cluster.services[name]!;
      expect(environment!['KAFKA_ADVERTISED_LISTENERS']).toContain(
        `HOST://127.0.0.1:${ports![0]!.published}`,
      );
    }
  });
});
