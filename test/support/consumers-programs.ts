// The programs that the consumers' examples need, each with what to do when it is missing: kcat, a Python with
// Confluent's client, and the jars of Kafka.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { javaEnvironment } from '../../scripts/services/java.ts';
import jars from '../../scripts/services/kafka-jars.json' with { type: 'json' };
import { fetchPinnedFiles } from '../../scripts/services/pinned-files.ts';
import { root } from './command.ts';

const run = promisify(execFile);

export async function needKcat(): Promise<void> {
  await run('kcat', ['-V']).catch((cause: unknown) => {
    throw new Error('kcat is missing. Debian: apt-get install kcat; macOS: brew install kcat.', {
      cause,
    });
  });
}

/** Where Java finds Kafka's jars; fetches what the cache lacks. */
export async function kafkaClasspath(): Promise<string> {
  await fetchPinnedFiles(jars.jars);
  return javaEnvironment(jars.jars)['CLASSPATH']!;
}

/** A Python with the example's requirements, made once per requirements file and kept in the cache. */
export async function examplePython(): Promise<string> {
  const requirements = join(root, 'docs/consumers/python/requirements.txt');
  const cache = process.env['SIGNPOST_CACHE'] ?? join(homedir(), '.cache/signpost');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = join(cache, `python-${hash}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    // Renamed into place only when whole, so that a run that was killed leaves no half of it.
    const making = `${folder}.${process.pid}`;
    try {
      await run('python3', ['-m', 'venv', making]);
      await run(join(making, 'bin/python'), ['-m', 'pip', 'install', '-q', '-r', requirements]);
      renameSync(making, folder);
    } catch (cause) {
      rmSync(making, { recursive: true, force: true });
      if (!existsSync(folder)) throw new Error(pythonAdvice(cause), { cause });
    }
  }
  return join(folder, 'bin/python');
}

function pythonAdvice(cause: unknown): string {
  const { stderr } = cause as { readonly stderr?: string };
  return `The Python example cannot be set up: it needs python3 with venv (Debian: apt-get install python3-venv) and a package index that pip can reach. ${stderr ?? ''}`;
}
