// After `npm ci`: puts the `signpost` command beside the other commands, since npm links those of dependencies alone.
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'node_modules', '.bin');
mkdirSync(folder, { recursive: true });
const link = join(folder, 'signpost');
rmSync(link, { force: true });
symlinkSync('../../bin/signpost', link);
if (!existsSync(link)) throw new Error(`${link} does not lead to bin/signpost`);
