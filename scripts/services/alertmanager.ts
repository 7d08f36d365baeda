// A real Alertmanager of the system's package, on a loopback port, without a cluster: for tests of what is sent to one.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { ServerError } from './server-error.ts';
import { serverProcess, type Launch, type ServerProcess } from './server-process.ts';

export interface Alertmanager {
  readonly url: string;
  readonly node: ServerProcess;
}

/** Debian names it as the first. */
const programs = ['prometheus-alertmanager', 'alertmanager'] as const;

/**
 * @param dir holds its settings, log and data
 * @param webhook where it tells of every change of an alert, within a second or two
 * @throws ServerError that says what is missing
 */
export async function startAlertmanager(dir: string, webhook: string): Promise<Alertmanager> {
  mkdirSync(dir, { recursive: true });
  const [port] = await freePorts(1);
  const settings = join(dir, 'alertmanager.json');
  const route = {
    receiver: 'hook',
    group_by: ['incident'],
    group_wait: '100ms',
    group_interval: '500ms',
    repeat_interval: '1h',
  };
  const hook = { url: webhook, send_resolved: true };
  // YAML knows JSON.
  writeFileSync(
    settings,
    JSON.stringify({ route, receivers: [{ name: 'hook', webhook_configs: [hook] }] }),
  );
  const url = `http://127.0.0.1:${port}`;
  const launch: Launch = {
    name: 'alertmanager',
    command: programOf(process.env['PATH'] ?? ''),
    args: () => [
      `--config.file=${settings}`,
      `--storage.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    mark: settings,
    pidFile: join(dir, 'alertmanager.pid'),
    logFile: join(dir, 'alertmanager.log'),
    stopSignal: 'SIGTERM',
    abortSignal: 'SIGKILL',
    isReady: async () => {
      const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
      return answer?.ok === true;
    },
    readyWithinMs: 60_000,
  };
  const node = serverProcess(launch, 'with-us');
  await node.start();
  return { url, node };
}

function programOf(path: string): string {
  for (const program of programs)
    for (const folder of path.split(delimiter))
      if (existsSync(join(folder, program))) return join(folder, program);
  throw new ServerError(
    'program-missing',
    'There is no Alertmanager: apt-get install prometheus-alertmanager brings it.',
  );
}
