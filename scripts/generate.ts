// `npm run generate`: writes everything that is generated from the schemas; `--check` only says what is stale.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { generatedFiles } from './schemas/outputs.ts';
import { readSchemas } from './schemas/source.ts';

const HELP = `Writes types, codecs and documents from schemas/.

  npm run generate               write what is generated
  npm run generate -- --check    write nothing; exit 1 and name stale files`;

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});

if (options.help) {
  console.log(HELP);
} else {
  const files = generatedFiles(readSchemas(join(root, 'schemas')));
  const stale = [...files].filter(([path, text]) => readText(path) !== text).map(([path]) => path);
  const leftOver = existingFiles().filter((path) => !files.has(path));
  if (options.check) {
    for (const path of stale) console.error(`stale: ${path}`);
    for (const path of leftOver) console.error(`left over: ${path}`);
    if (stale.length + leftOver.length > 0) {
      console.error('Run `npm run generate` and commit what it writes.');
      process.exitCode = 1;
    }
  } else {
    for (const path of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), files.get(path) as string);
      console.log(`wrote ${path}`);
    }
    for (const path of leftOver) {
      rmSync(join(root, path));
      console.log(`removed ${path}`);
    }
  }
}

function existingFiles(): readonly string[] {
  const folder = 'schemas/generated';
  mkdirSync(join(root, folder), { recursive: true });
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

function readText(path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}
