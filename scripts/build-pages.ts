// After `npm ci`: builds the pages, where what builds them is installed (`npm ci --omit=dev` leaves it out). npx does so too,
// also while they are served: each file takes its place whole, and the document, which names the others, comes last.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
const pages = join(root, 'services', 'portal', 'pages');
const built = join(pages, 'dist');
const building = join(built, `.building-${process.pid}`);

if (existsSync(vite) && existsSync(pages)) {
  try {
    const build = [
      vite,
      'build',
      '--logLevel',
      'warn',
      '--outDir',
      building,
      '--emptyOutDir',
      pages,
    ];
    // Whoever builds, the same files under the same names: Vite takes over another NODE_ENV.
    const env = { ...process.env, NODE_ENV: 'production' };
    await promisify(execFile)(process.execPath, build, { cwd: root, env });
    takePlace();
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    console.error(`${stdout}${stderr}`.trim());
    console.error(
      'The pages could not be built; why is said above. Signpost is installed and runs without them: `npm run build:pages` tries again.',
    );
    process.exitCode = 1;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function takePlace(): void {
  const assets = new Set(readdirSync(join(building, 'assets')));
  mkdirSync(join(built, 'assets'), { recursive: true });
  for (const name of assets)
    renameSync(join(building, 'assets', name), join(built, 'assets', name));
  const others = readdirSync(building).filter((name) => name !== 'assets' && name !== 'index.html');
  for (const name of [...others, 'index.html']) {
    if (name !== 'index.html') rmSync(join(built, name), { recursive: true, force: true });
    renameSync(join(building, name), join(built, name));
  }
  for (const name of readdirSync(join(built, 'assets')))
    if (!assets.has(name)) rmSync(join(built, 'assets', name));
}
