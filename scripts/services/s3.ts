// A real S3 server, S3Proxy on a folder, that honours conditional writes: of any number of writers of one key with
// If-None-Match: * exactly one wins. A folder that holds objects is opened again as it was.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePorts } from './free-ports.ts';
import { explainJava, javaEnvironment, javaProgram, quickStartFlags } from './java.ts';
import { fetchPinnedFiles } from './pinned-files.ts';
import jars from './s3-jars.json' with { type: 'json' };
import { serverProcess, type Lifetime, type ServerProcess } from './server-process.ts';

export interface S3Options {
  /** Holds the settings, log and objects; made when it does not exist. */
  readonly dir: string;
  /** `with-us` by default. */
  readonly lifetime?: Lifetime;
}

export interface S3 {
  /** `http://127.0.0.1:…`; buckets are paths below it (`forcePathStyle`). */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly node: ServerProcess;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Layout {
  readonly port: number;
  readonly secretAccessKey: string;
}

const accessKeyId = 'signpost';

/** Fetches the server when the cache does not have it, and starts it. Rejects with a ServerError that says what is missing. */
export async function startS3(options: S3Options): Promise<S3> {
  const s3 = await openS3(options);
  await s3.start();
  return s3;
}

/** The server in the folder, running or not; lays it out when there is none. */
export async function openS3(options: S3Options): Promise<S3> {
  const dir = resolve(options.dir);
  const objects = join(dir, 's3');
  mkdirSync(objects, { recursive: true });
  const { port, secretAccessKey } = await layoutIn(dir);
  const endpoint = `http://127.0.0.1:${port}`;
  const settings = join(dir, 's3.properties');
  const node = serverProcess(
    {
      name: 's3',
      command: javaProgram('java'),
      args: () => [
        '-Xmx192m',
        ...quickStartFlags,
        'org.gaul.s3proxy.Main',
        '--properties',
        settings,
      ],
      env: javaEnvironment(jars.jars),
      mark: settings,
      pidFile: join(dir, 's3.pid'),
      logFile: join(dir, 's3.log'),
      stopSignal: 'SIGTERM',
      abortSignal: 'SIGKILL',
      prepare: async () => {
        await fetchPinnedFiles(jars.jars);
        const lines = [
          `s3proxy.endpoint=${endpoint}`,
          's3proxy.authorization=aws-v2-or-v4',
          `s3proxy.identity=${accessKeyId}`,
          `s3proxy.credential=${secretAccessKey}`,
          'jclouds.provider=filesystem-nio2',
          `jclouds.filesystem.basedir=${objects}`,
        ];
        writeFileSync(settings, `${lines.join('\n')}\n`, { mode: 0o600 });
      },
      isReady: () => answers(endpoint),
      readyWithinMs: 120_000,
      explain: explainJava,
    },
    options.lifetime ?? 'with-us',
  );
  return {
    endpoint,
    region: 'us-east-1',
    accessKeyId,
    secretAccessKey,
    node,
    start: () => node.start(),
    stop: () => node.stop(),
  };
}

async function layoutIn(dir: string): Promise<Layout> {
  const path = join(dir, 's3.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Layout;
  const [port] = await freePorts(1);
  const layout: Layout = { port: port!, secretAccessKey: randomBytes(16).toString('hex') };
  writeFileSync(path, `${JSON.stringify(layout, null, 2)}\n`, { mode: 0o600 });
  return layout;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await (await fetch(endpoint)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
