// The system's Java: where it is, the pinned jars it runs, and what to say when it is missing or too old.
import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cachedPath, type PinnedFile } from './pinned-files.ts';
import { ServerError } from './server-error.ts';

const advice =
  'Kafka and S3Proxy need Java 17 or newer: install a JRE (Debian: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17) or set JAVA_HOME.';

/**
 * Leave out the optimising compiler, which pays off after minutes only and takes a core from the start until then, and
 * the collector for many cores and large heaps.
 */
export const quickStartFlags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'] as const;

/** `java`, `keytool`: of JAVA_HOME where that is set, else from the PATH. */
export function javaProgram(name: 'java' | 'keytool'): string {
  const home = process.env['JAVA_HOME'];
  return home ? join(home, 'bin', name) : name;
}

/** The environment that makes Java find the jars. */
export function javaEnvironment(jars: readonly PinnedFile[]): NodeJS.ProcessEnv {
  return { ...process.env, CLASSPATH: jars.map(cachedPath).join(delimiter) };
}

/** Runs a Java program to its end. Rejects with a ServerError that holds what it printed. */
export async function runJava(
  program: 'java' | 'keytool',
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    return (await promisify(execFile)(javaProgram(program), args, { env })).stdout;
  } catch (error) {
    const { code, stdout, stderr } = error as NodeJS.ErrnoException & Record<string, string>;
    const log = `${stdout ?? ''}${stderr ?? ''}`;
    throw new ServerError(
      code === 'ENOENT' ? 'program-missing' : 'did-not-start',
      explainJava(log) ?? `${program} failed: ${log}`,
      error,
    );
  }
}

/** What to do, from what Java printed; nothing printed means that it was not found. */
export function explainJava(log: string): string | undefined {
  return log === '' || log.includes('UnsupportedClassVersionError') ? advice : undefined;
}
