// Walls between services: they meet in topics alone.
import { readFileSync } from 'node:fs';
import { globSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const services = join(import.meta.dirname, '..', '..', 'services');
/** The command puts services together; the topology is what they share. */
const composition = 'cli';

interface Import {
  readonly from: string;
  readonly to: string;
}

/** The service (or core, or topology.ts) that a file below services/ belongs to. */
function ownerOf(path: string): string {
  return relative(services, path).split('/')[0]!;
}

function importsOf(file: string): Import[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']+|#core\/[^']+)'/g)].map(
    ([, path]) => ({
      from: file,
      to: path!.startsWith('#core/')
        ? join(services, 'core', path!.slice(6))
        : resolve(dirname(file), path!),
    }),
  );
}

const imports = globSync('**/*.ts', { cwd: services }).flatMap((file) =>
  importsOf(join(services, file)),
);

describe('walls between services', () => {
  it('are checked on real files', () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  it('no service imports another', () => {
    const crossing = imports.filter(({ from, to }) => {
      const [a, b] = [ownerOf(from), ownerOf(to)];
      return a !== b && a !== composition && b !== 'core' && b !== 'topology.ts';
    });
    expect(
      crossing.map(
        ({ from, to }) => `${relative(services, from)} imports ${relative(services, to)}`,
      ),
    ).toEqual([]);
  });

  it('core imports no service and no topology', () => {
    const crossing = imports.filter(
      ({ from, to }) => ownerOf(from) === 'core' && ownerOf(to) !== 'core',
    );
    expect(
      crossing.map(
        ({ from, to }) => `${relative(services, from)} imports ${relative(services, to)}`,
      ),
    ).toEqual([]);
  });
});
