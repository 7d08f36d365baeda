// Builds the pages once before any test, as a release has them: tests look at what users load.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export const pagesFolder = join(import.meta.dirname, '../../services/portal/pages');

/** By the script that npx runs too, or its build would give the pages that other tests look at other names. */
export default function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../scripts/build-pages.ts')], {
    stdio: 'inherit',
  });
}
