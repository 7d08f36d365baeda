// Installs the peers into the cache (`SIGNPOST_CACHE`, else `~/.cache/signpost`): they are no dependencies of the project.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import packages from './npm-packages.json' with { type: 'json' };
import { whatWentWrong, NotMeasured } from './processes.ts';

const run = promisify(execFile);
const requirements = join(import.meta.dirname, 'requirements.txt');

/** The folder of a Python with the pinned packages; made once per requirements file. */
const pythonFolder = once('Python', readFileSync(requirements, 'utf8'), async (folder) => {
  await run('python3.11', ['-m', 'venv', folder]);
  await run(join(folder, 'bin/python'), ['-m', 'pip', 'install', '-q', '-r', requirements]);
});

/** The Python that runs the peers in Python. @throws NotMeasured when it cannot be had. */
export async function peersPython(): Promise<string> {
  return join(await pythonFolder(), 'bin/python');
}

/** The folder with the pinned npm packages; made once per list. @throws NotMeasured when it cannot be. */
export const peersPackages = once('npm', JSON.stringify(packages), async (folder) => {
  mkdirSync(folder, { recursive: true });
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', '--prefix', folder, ...quiet, ...wanted]);
});

/** A folder in the cache named by what is to be in it, made when first asked for; a failure is told to all who ask. */
function once(
  what: string,
  contents: string,
  make: (folder: string) => Promise<void>,
): () => Promise<string> {
  let made: Promise<string> | undefined;
  return () => (made ??= madeFolder(what, contents, make));
}

async function madeFolder(
  what: string,
  contents: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = process.env['SIGNPOST_CACHE'] ?? join(homedir(), '.cache/signpost');
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const folder = join(cache, `peers-${what.toLowerCase()}-${hash}`);
  if (existsSync(folder)) return folder;
  console.error(`installing the peers' ${what} packages into ${folder}`);
  mkdirSync(cache, { recursive: true });
  // Renamed into place only when whole, so that a run that was killed leaves no half of it.
  const making = `${folder}.${process.pid}`;
  try {
    await make(making);
    renameSync(making, folder);
  } catch (cause) {
    rmSync(making, { recursive: true, force: true });
    const { stderr, message } = cause as { readonly stderr?: string; readonly message: string };
    const need = what === 'Python' ? 'Python 3.11 with venv and a package index' : 'a registry';
    const said = whatWentWrong(stderr?.trim() || message);
    throw new NotMeasured(`cannot be installed, which needs ${need} (${said})`, { cause });
  }
  return folder;
}
