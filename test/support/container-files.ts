// The container files as Docker's own code reads them: test/support/compose is a small Go program on the loader of
// Docker Compose and on BuildKit's parsers.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './command.ts';
import { builtProgram } from './go-program.ts';

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly { host_ip?: string; target: number; published?: string }[];
  readonly volumes?: readonly { type: string; source: string; target: string }[];
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly network_mode?: string;
  readonly configs?: readonly { source: string; target: string }[];
  readonly depends_on?: Readonly<Record<string, { condition: string; required: boolean }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { limits?: { cpus?: number; memory?: string; pids?: number } };
  };
  readonly container_name?: string;
  readonly init?: boolean;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly user?: string;
  readonly tmpfs?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
}

export interface ComposeProject {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly file?: string; readonly content?: string }>>;
}

export interface DockerfileCommand {
  readonly name: string;
  readonly text: string;
  /** Of COPY alone: the stage it copies from, absent for the build context. */
  readonly from?: string;
  readonly sources?: readonly string[];
  readonly to?: string;
}

export interface DockerfileStage {
  readonly name: string;
  readonly base: string;
  readonly commands: readonly DockerfileCommand[];
}

export interface ContainerFiles {
  /** What `docker compose` makes of docker-compose.yml in this environment. Rejects with what it refuses. */
  compose(env?: Readonly<Record<string, string>>, envFile?: string): Promise<ComposeProject>;
  dockerfile(): Promise<{
    readonly stages: readonly DockerfileStage[];
    readonly warnings: string[];
  }>;
  /** Paths of the files a build is sent, relative to the checkout. */
  context(): Promise<readonly string[]>;
}

const run = promisify(execFile);

export async function readContainerFiles(): Promise<ContainerFiles> {
  const program = await builtProgram(
    join(root, 'test/support/compose'),
    'The container files are read by the parsers of Docker, which are written in Go.',
  );
  // Nothing of whoever runs the tests, a DATABASE_URL or an .env file, gets into what is read.
  const ask = async <T>(args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { stdout } = await run(program, args, {
      cwd: root,
      env: { COMPOSE_DISABLE_ENV_FILE: 'true', ...env },
      maxBuffer: 1 << 26,
    });
    return JSON.parse(stdout) as T;
  };
  return {
    compose: (env, envFile) =>
      ask(['compose', root, ...(envFile === undefined ? [] : [envFile])], env),
    dockerfile: () => ask(['dockerfile', root]),
    context: () => ask(['context', root]),
  };
}
