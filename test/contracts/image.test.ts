// The image without a Docker engine: what the Dockerfile says, read by BuildKit's parser, and what comes of carrying out
// its steps in a folder, on the Node that it would have.
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadApiKeysFile } from '../../services/core/http/api-keys.ts';
import { root } from '../support/command.ts';
import {
  readContainerFiles,
  type ContainerFiles,
  type DockerfileStage,
} from '../support/container-files.ts';

let files: ContainerFiles;
let stages: readonly DockerfileStage[];
let warnings: readonly string[];
let context: readonly string[];
beforeAll(async () => {
  files = await readContainerFiles();
  ({ stages, warnings } = await files.dockerfile());
  context = await files.context();
});

const last = (): DockerfileStage => stages.at(-1)!;
const textOf = (stage: DockerfileStage, name: string): string[] =>
  stage.commands.filter((command) => command.name === name).map(({ text }) => text);

describe('Dockerfile', () => {
  test('is read without a warning', () => {
    expect(warnings).toEqual([]);
    expect(stages.length).toBe(4);
  });

  test('runs the command as a numbered user, ends on SIGTERM and probes its own port', () => {
    expect(textOf(last(), 'USER').at(-1)).toBe('USER 1000:1000');
    const [own] = textOf(last(), 'USER');
    const writes = last().commands.findIndex(({ text }) => text === own);
    expect(
      last()
        .commands.slice(writes + 1)
        .some(({ name }) => /^(RUN|COPY|ADD)$/.test(name)),
    ).toBe(false);
    expect(textOf(last(), 'ENTRYPOINT')[0]).toContain('/app/bin/signpost');
    expect(textOf(last(), 'STOPSIGNAL')).toEqual(['STOPSIGNAL SIGTERM']);
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(/HEALTHCHECK [^\n]*\\\n\s+CMD \["node".*9464\/livez/);
  });

  test('every stage stands on the one base image, of the Node that is asked for', () => {
    expect(new Set(stages.map(({ base }) => base))).toEqual(new Set(['${NODE_IMAGE}']));
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
    const [, major] = /^ARG NODE_IMAGE=node:(\d+)-[a-z]+-slim$/m.exec(dockerfile) ?? [];
    expect(major).toBe(process.versions.node.split('.')[0]);
  });

  test('carries no secret and takes none', () => {
    const variables = stages.flatMap((stage) => [...textOf(stage, 'ENV'), ...textOf(stage, 'ARG')]);
    expect(variables.length).toBeGreaterThan(0);
    expect(variables.filter((text) => /pass|secret|token|key/i.test(text))).toEqual([]);
  });
});

describe('the pages', () => {
  const stageOf = (name: string) => stages.find((stage) => stage.name === name)!;

  test('are built where their tools are, and nothing but them is taken from there', () => {
    expect(textOf(stageOf('pages'), 'RUN').at(-1)).toBe('RUN npm run build:pages');
    const taken = stages
      .flatMap(({ commands }) => commands)
      .filter(({ name, from }) => name === 'COPY' && from === 'pages');
    expect(taken.map(({ sources, to }) => ({ sources, to }))).toEqual([
      {
        sources: ['/app/services/portal/pages/dist'],
        to: '/app/services/portal/pages/dist',
      },
    ]);
  });

  test('that were built here before are not sent', () => {
    expect(context.filter((path) => path.startsWith('services/portal/pages/dist'))).toEqual([]);
  });
});

describe('.dockerignore', () => {
  test('sends what is needed and nothing else', () => {
    const allowed = new Set(
      'LICENSE bin infra package-lock.json package.json schemas scripts services'.split(' '),
    );
    expect(context.filter((path) => !allowed.has(path.split('/', 1)[0]!))).toEqual([]);
    const few = context.filter((path) => /^(infra|scripts)\//.test(path));
    expect(few).toEqual([
      'infra/compose/first-start.ts',
      'infra/compose/make-bucket.ts',
      'infra/compose/signpost.yaml',
      'scripts/build-pages.ts',
      'scripts/link-command.ts',
      'scripts/prepare-store.ts',
    ]);
  });

  test('sends everything that the Dockerfile copies', () => {
    const copied = stages
      .flatMap(({ commands }) => commands)
      .filter(({ name, from }) => name === 'COPY' && from === undefined)
      .flatMap(({ sources = [] }) => sources);
    expect(copied.length).toBeGreaterThan(5);
    const isSent = (source: string) =>
      context.some((path) => path === source || path.startsWith(`${source}/`));
    expect(copied.filter((source) => !isSent(source))).toEqual([]);
  });
});

/** Somebody who owns nothing here: the tests may run as root, who may write everywhere. */
const nobody = 65_534;
const asNobody = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

describe('what comes of the steps', () => {
  let folder: string;
  let app: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signpost-image-'));
    chmodSync(folder, 0o755);
    app = join(folder, 'app');
    mkdirSync(join(folder, 'bin'));
    // As in the base image: Node 24 on the PATH, npm beside it.
    copyFileSync(process.execPath, join(folder, 'bin/node'));
    for (const { name, commands } of stages.slice(0, 2)) {
      for (const command of commands) {
        if (command.name === 'COPY' && command.from === undefined)
          copy(command.sources!, command.to!);
        const [install] = /npm ci [^&]*$/.exec(command.text) ?? [];
        if (command.name !== 'RUN' || name !== 'dependencies' || install === undefined) continue;
        const { code, stderr } = await run('/bin/sh', ['-c', install], { cwd: app });
        if (code !== 0) throw new Error(`${install} ended with ${code}: ${stderr}`);
      }
    }
    mkdirSync(join(app, 'node_modules/.cache/signpost'), { recursive: true });
    if (!('uid' in asNobody)) lock(app);
  }, 120_000);
  afterAll(() => {
    if (!('uid' in asNobody)) unlock(app);
    rmSync(folder, { recursive: true, force: true });
  });

  function copy(sources: readonly string[], to: string): void {
    for (const path of context) {
      const source = sources.find((each) => path === each || path.startsWith(`${each}/`));
      if (source === undefined) continue;
      const target = to.endsWith('/')
        ? join(app, to, basename(path))
        : join(app, to, path.slice(source.length));
      cpSync(join(root, path), target);
    }
  }

  const run = (
    program: string,
    args: readonly string[],
    more: { cwd?: string; uid?: number; gid?: number; env?: Record<string, string> } = {},
  ) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: folder,
        ...more,
        env: {
          PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
          HOME: process.env['HOME'] ?? folder,
          npm_config_update_notifier: 'false',
          npm_config_prefer_offline: 'true',
          ...more.env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });

  test('no second Node and nothing that only developers need is installed', () => {
    const installed = readdirSync(join(app, 'node_modules'));
    expect(installed).toContain('kafkajs');
    for (const absent of ['vitest', 'typescript', 'oxlint', 'testcontainers', 'vite'])
      expect(installed).not.toContain(absent);
    expect(installed.filter((name) => /^node-(bin|linux|darwin)/.test(name))).toEqual([]);
    expect(existsSync(join(app, 'node_modules/.bin/signpost'))).toBe(true);
  });

  test('the command runs for a user who can write nowhere, by its link too, without a word on the side', async () => {
    const link = join(folder, 'bin/signpost');
    symlinkSync(join(app, 'bin/signpost'), link);
    const calls: readonly (readonly [said: string, ...args: string[]])[] = [
      ['Usage: signpost', '--help'],
      ['planning', 'classify', 'no signal since the storm, cannot call anybody'],
      ['Usage: signpost run ', 'run', '--help'],
      ['Usage: signpost topics apply ', 'topics', 'apply', '--help'],
      ['Usage: signpost keys create ', 'keys', 'create', '--help'],
    ];
    for (const [said, ...args] of calls) {
      const { code, stdout, stderr } = await run(link, args, {
        ...asNobody,
        env: { HOME: '/nowhere', TMPDIR: '/nowhere' },
      });
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
      expect(stdout).toContain(said);
    }
    expect(readdirSync(join(app, 'node_modules/.cache/signpost'))).toEqual([]);
  }, 60_000);

  test('the first start makes keys that the services can read, and no later one changes them', async () => {
    const { entrypoint } = (await files.compose()).services['keys']!;
    const at = new Map([
      ['/app/infra/compose/first-start.ts', join(app, 'infra/compose/first-start.ts')],
      ['/data', mkdtempSync(join(folder, 'data-'))],
      ['/keys', mkdtempSync(join(folder, 'keys-'))],
    ]);
    for (const name of ['/data', '/keys']) chmodSync(at.get(name)!, 0o777);
    const [program = '', ...args] = entrypoint!.map((word) => at.get(word) ?? word);
    const made = ['/data/api-keys.json', '/keys/pseudonym-keys'].map((path) =>
      path.replace(/^\/[a-z]+/, (name) => at.get(name)!),
    );
    const first = async () => {
      const { code, stderr } = await run(program, args, asNobody);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return Promise.all(
        made.map(async (path) => (await run('/bin/cat', [path], asNobody)).stdout),
      );
    };
    const once = await first();
    expect(once[1]).toMatch(/^k1:[A-Za-z0-9+/]{43}=\n$/);
    expect(await (await loadApiKeysFile(made[0]!)).configured()).toBe(false);
    expect(await first()).toEqual(once);
  });
});

/** Takes the right to write from what the tests' own user owns. */
function lock(path: string): void {
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o555);
  chmodSync(path, 0o555);
}

function unlock(path: string): void {
  chmodSync(path, 0o755);
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) unlock(join(path, entry.name));
}
