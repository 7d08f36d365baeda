// Imports of what customers of the fictional provider say over some days, through the real command: tickets with updates,
// posts, survey answers, what is sent twice; and part of it judged anew by other rules.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { generate } from '../../services/gateway/synthetic/generate.ts';
import { root, run } from './command.ts';

export interface LivelyImports {
  readonly data: string;
  readonly config: string;
}

const kinds = ['tickets', 'posts', 'surveys'] as const;

const place =
  '{ place.country: place.country, place.region: place.region, place.city: place.city, place.area: place.area, place.postcode: place.postcode }';
const fields = {
  tickets:
    '{ version: version, name: name, description: description, ticketType: ticketType, severity: severity, priority: priority, status: status, createdAt: { column: createdAt, format: epoch-milliseconds }, resolvedAt: { column: resolvedAt, format: epoch-milliseconds } }',
  posts: '{ authorId: authorId, authorRole: authorRole, title: title, text: text }',
  surveys: '{ scale: scale, score: score, question: question, verbatim: verbatim }',
};

function mappingOf(kind: (typeof kinds)[number]): string {
  const all = {
    id: 'id',
    customerId: 'customerId',
    channel: 'channel',
    product: 'product',
    technology: 'technology',
    ...(parse(place) as object),
    ...(parse(fields[kind]) as object),
  };
  const time = { column: 'occurredAt', format: 'epoch-milliseconds' };
  return stringify({ source: `lively-${kind}`, kind, format: 'jsonl', time, fields: all });
}

/**
 * @param from first moment, milliseconds since the epoch, and `to`, exclusive
 * @param perHour of what is said first
 * @throws Error with what the command says where it fails
 */
export async function importLively(
  directory: string,
  { from, to, perHour }: { readonly from: number; readonly to: number; readonly perHour: number },
): Promise<LivelyImports> {
  const data = join(directory, 'data');
  const config = join(directory, 'signpost.yaml');
  const shipped = join(root, 'services/classify/departments.yaml');
  copyFileSync(
    join(root, 'services/gateway/synthetic/gazetteer.csv'),
    join(directory, 'places.csv'),
  );
  copyFileSync(shipped, join(directory, 'departments.yaml'));
  writeFileSync(
    config,
    'threads: 1\nnormalize: { gazetteer: places.csv }\nclassify: { departmentsFile: departments.yaml }\n',
  );
  const lines = { tickets: '', posts: '', surveys: '' };
  for (const { kind, input } of generate({ seed: 7, from, to, ratePerHour: perHour }))
    lines[kind] += `${JSON.stringify(input)}\n`;
  for (const kind of kinds) {
    const [file, mapping] = [join(directory, `${kind}.jsonl`), join(directory, `${kind}.yaml`)];
    writeFileSync(file, lines[kind]);
    writeFileSync(mapping, mappingOf(kind));
    await signpost([
      'import',
      kind,
      file,
      '--mapping',
      mapping,
      '--data',
      data,
      '--config',
      config,
    ]);
  }
  const judging = parse(readFileSync(shipped, 'utf8')) as { rules: unknown[] };
  judging.rules.push({
    when: { words: ['bill', 'network'] },
    adds: { planning: 3, billing: -3 },
    theme: { coverage: 4 },
    churn: 2,
  });
  writeFileSync(join(directory, 'departments.yaml'), stringify(judging));
  await signpost(['reclassify', '--data', data, '--config', config]);
  return { data, config };
}

/** Runs the command to its end. @throws Error with what it says where it fails */
export async function signpost(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  if (code !== 0) throw new Error(`signpost ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}
