// After `npm ci`: builds the pages, where what builds them is installed (`npm ci --omit=dev` leaves it out).
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
const pages = join(root, 'services', 'portal', 'pages');

if (existsSync(vite) && existsSync(pages)) {
  try {
    const build = [vite, 'build', '--logLevel', 'warn', pages];
    await promisify(execFile)(process.execPath, build, { cwd: root });
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    console.error(`${stdout}${stderr}`.trim());
    console.error(
      'The pages could not be built; why is said above. Signpost is installed and runs without them: `npm run build:pages` tries again.',
    );
    process.exitCode = 1;
  }
}
