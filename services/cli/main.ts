// Entry of the `signpost` command. Nothing but the cache of compiled code comes before the program is loaded, so that
// all of it starts from the cache.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/signpost'));
const { run } = await import('./program.ts');
await run(process.argv);
