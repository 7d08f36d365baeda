// Vitest’s global setup: a desk at which test files, in several processes, ask for servers. The first to ask waits
// for the start. All are stopped when the run ends, and die with it when it is killed.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { serverNames, startServer, type Running, type ServerName } from './sources.ts';

declare module 'vitest' {
  interface ProvidedContext {
    serverDesk: string;
  }
}

export default async function openDesk(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<ServerName, Promise<Running>>();
  let folder: string | undefined;

  const serverOf = (name: ServerName): Promise<Running> => {
    const known = started.get(name);
    if (known !== undefined) return known;
    folder ??= folderOfThisRun();
    const running = startServer(name, join(folder, name));
    started.set(name, running);
    return running;
  };

  const desk = createServer((request, response) => {
    const name = serverNames.find((known) => request.url === `/${known}`);
    if (name === undefined) {
      response.writeHead(404).end(`There is no server of the name ${request.url}.`);
      return;
    }
    serverOf(name).then(
      ({ server }) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(server)),
      (error: unknown) => response.writeHead(503).end((error as Error).message),
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
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true },
  );
  guard.unref();
  (guard.stdin as Socket).unref();
  return folder;
}
