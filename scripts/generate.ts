// `npm run generate`: checks the schemas and writes everything that is generated: from them, and the compiled kernels.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { kernelFiles } from './kernel/compile.ts';
import { sourceProblems } from './schemas/check-source.ts';
import { goldenFiles } from './schemas/golden.ts';
import { codeFiles, documentFiles } from './schemas/outputs.ts';
import { publish, publishedProblems } from './schemas/published.ts';
import { readSchemas } from './schemas/source.ts';
import type { TopologySource } from './schemas/topology-source.ts';

const HELP = `Checks schemas/ and writes types, codecs and documents from it; compiles services/classify/kernel/assembly.

  npm run generate                 write what is generated
  npm run generate -- --check      write nothing; exit 1 and name stale files
  npm run generate -- --publish    also freeze versions in schemas/published/ that are not there yet

A schema change that an already published version could not live with is refused.`;

const root = join(import.meta.dirname, '..');
const schemas = join(root, 'schemas');
const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean' },
    publish: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (options.help === true) console.log(HELP);
else process.exitCode = await main(options.check === true, options.publish === true);

async function main(check: boolean, publishing: boolean): Promise<0 | 1> {
  const source = readSchemas(schemas);
  const problems = [
    ...sourceProblems(source),
    ...publishedProblems(schemas, source).map(({ message }) => message),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) return 1;

  const code = codeFiles(source);
  const kernels = kernelFiles(root);
  if (check) {
    const staleCode = report(code);
    const staleGolden = report(goldenFiles(schemas, source));
    // The topology imports generated code: with that stale, documents cannot be judged.
    const staleDocuments = staleCode > 0 ? 0 : report(documentFiles(source, await topology()));
    const staleInfra = staleCode > 0 ? 0 : report(await infra());
    const staleKernels = report(kernels);
    const fine = staleCode + staleGolden + staleDocuments + staleInfra + staleKernels === 0;
    if (!fine) console.error('Run `npm run generate` and commit what it writes.');
    return fine ? 0 : 1;
  }
  write(code);
  for (const path of leftOver(code)) {
    rmSync(join(root, path));
    console.log(`removed ${path}`);
  }
  write(kernels);
  write(goldenFiles(schemas, source));
  write(documentFiles(source, await topology()));
  write(await infra());
  if (publishing) for (const name of publish(schemas, source)) console.log(`published ${name}`);
  return 0;
}

/** Names what is stale or left over; returns how many. */
function report(files: ReadonlyMap<string, string>): number {
  const stale = staleOf(files).map((path) => `stale: ${path}`);
  const extra = leftOver(files).map((path) => `left over: ${path}`);
  for (const line of [...stale, ...extra]) console.error(line);
  return stale.length + extra.length;
}

function write(files: ReadonlyMap<string, string>): void {
  for (const path of staleOf(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path) ?? '');
    console.log(`wrote ${path}`);
  }
}

function staleOf(files: ReadonlyMap<string, string>): readonly string[] {
  return [...files].filter(([path, text]) => readText(path) !== text).map(([path]) => path);
}

/** Files in the folder of generated code that nothing generates any more. */
function leftOver(files: ReadonlyMap<string, string>): readonly string[] {
  const folder = 'schemas/generated';
  if (![...files.keys()].some((path) => path.startsWith(folder))) return [];
  mkdirSync(join(root, folder), { recursive: true });
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !files.has(path));
}

/** Loaded only once the code it imports is written. */
async function topology(): Promise<TopologySource> {
  return await import('../services/topology.ts');
}

/** Topics and access rights for Kafka, which follow from the topology. */
async function infra(): Promise<ReadonlyMap<string, string>> {
  const { infraFiles } = await import('../services/cli/topics/infra-files.ts');
  const { loadShippedDepartments } = await import('../services/classify/departments-file.ts');
  return infraFiles(loadShippedDepartments().departments.map(({ name }) => name));
}

function readText(path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}
