// Where this machine's Chromium is, for tests and measurements in a real browser, and how it is started: without a word
// to anybody but the server under test.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SignpostError } from '#core/errors.ts';

const advice =
  'Install it (Debian: apt-get install chromium-headless-shell; macOS: brew install --cask chromium), or name the program of a Chromium or Chrome in CHROMIUM_PATH.';

/** The first is Chromium without what nobody sees: pages open in less than half the processor time. */
const programs = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
] as const;
const applications = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
] as const;

/**
 * The path of Chromium or Chrome: of CHROMIUM_PATH where that is set, else from the PATH, else where macOS keeps it.
 * @throws SignpostError `chromium-missing`, with what to install.
 */
export function chromiumPath(
  env: Readonly<Record<string, string | undefined>> = process.env,
  runs: (path: string) => boolean = isProgram,
): string {
  const named = env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') {
    if (runs(named)) return named;
    throw missing(`CHROMIUM_PATH names ${named}, which is no program.`);
  }
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/bin'].filter(Boolean);
  const found = [
    ...programs.flatMap((program) => folders.map((folder) => join(folder, program))),
    ...applications,
  ].find(runs);
  if (found !== undefined) return found;
  throw missing('No Chromium is installed, and pages are tested in a real one.');
}

/** How playwright-core starts it. It resolves no name: whatever a page asks of another host than this one fails. */
export function chromiumLaunch(executablePath = chromiumPath()) {
  return {
    executablePath,
    headless: true,
    // The sandbox of Chromium refuses to run as root, as tests in a container do.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  };
}

/** The advice is part of the message: test reports show nothing else. */
function missing(what: string): SignpostError {
  return new SignpostError('chromium-missing', `${what} ${advice}`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
