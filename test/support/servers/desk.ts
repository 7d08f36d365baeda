// Vitest's global setup: a desk at which test files, each in its own process, ask for servers. The first to ask waits
// for the start. All are stopped when the run ends, and die with it when it is killed.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { sources, type Running } from './sources.ts';

declare module 'vitest' {
  interface ProvidedContext {
    serverDesk: string;
  }
}

export default async function openDesk(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<string, Promise<Running>>();
  let folder: string | undefined;

  const start = (name: string): Promise<Running> => {
    const source = sources.get(name);
    if (source === undefined) throw new Error(`There is no server of the name ${name}.`);
    folder ??= folderOfThisRun();
    return source(join(folder, name));
  };

  const desk = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    let running = started.get(name);
    if (running === undefined) started.set(name, (running = start(name)));
    running.then(
      ({ server }) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(server)),
      (error: unknown) => response.writeHead(503).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  desk.unref();
  project.provide('serverDesk', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`);

  return async () => {
    desk.closeAllConnections();
    desk.close();
    await Promise.allSettled([...started.values()].map(async (running) => (await running).stop()));
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
}

/** Removed when the run ends, by a shell that waits on a pipe from us when the run does not get to it. */
function folderOfThisRun(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-servers-'));
  // PostgreSQL run by root runs as another user, who must get through to its own folder.
  chmodSync(folder, 0o711);
  const guard = spawn(
    'sh',
    ['-c', 'read -r _; sleep 4; rm -rf -- "$1"', 'signpost-guard', folder],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  );
  guard.unref();
  (guard.stdin as Socket).unref();
  return folder;
}
