// The client in a project of a data team's own, as docs/consuming.md says: a linked checkout, Node and tsc as they are.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root, run } from '../support/command.ts';

const guide = readFileSync(join(root, 'docs/consuming.md'), 'utf8');
const project = mkdtempSync(join(tmpdir(), 'signpost-team-'));
const program = join(root, 'bin/node');

beforeAll(() => {
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  symlinkSync(root, join(project, 'node_modules/signpost'));
  symlinkSync(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const example = /```ts\n(import[^`]*)```/.exec(guide)![1]!;
  const page = 'declare function page(text: string | null, key: string | null): Promise<void>;\n';
  writeFileSync(join(project, 'read.ts'), page + example);
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

it('the example of the guide passes tsc with the options that the guide names', async () => {
  const named = guide.slice(guide.indexOf('For `tsc`')).split('\n', 1)[0]!;
  const options = [...named.matchAll(/`("\w+": [^`]+)`/g)].map(([, option]) => option);
  expect(options).toHaveLength(5);
  const compilerOptions = `${options.join(', ')}, "strict": true, "types": ["node"]`;
  writeFileSync(
    join(project, 'tsconfig.json'),
    `{ "compilerOptions": { ${compilerOptions} }, "include": ["read.ts"] }`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  expect(await run([tsc, '-p', project], { program })).toMatchObject({ code: 0, stdout: '' });
}, 120_000);

it('and is run by Node, without a build', async () => {
  writeFileSync(
    join(project, 'ask.ts'),
    `import { subscribe } from 'signpost/services/client/subscribe.ts';
const refused = await subscribe('operations', () => {}, { group: 'g' }).catch((error) => error);
console.log(refused.code);\n`,
  );
  const { KAFKA_BROKERS: _, ...env } = process.env;
  const ended = await run(['ask.ts'], { program, cwd: project, env });
  expect(ended).toMatchObject({ code: 0, stdout: 'no-source\n' });
}, 60_000);
