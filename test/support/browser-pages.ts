// Builds the pages once before any test, as a release has them: tests look at what users load.
import { join } from 'node:path';
import { build } from 'vite';

export const pagesFolder = join(import.meta.dirname, '../../services/portal/pages');

export default async function setup(): Promise<void> {
  await build({
    root: pagesFolder,
    configFile: join(pagesFolder, 'vite.config.ts'),
    logLevel: 'warn',
  });
}
