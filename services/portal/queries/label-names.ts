// Names of themes, technologies and severities by their number.
import type { Reading } from './as-reader.ts';

export interface LabelNames {
  readonly of: (id: number) => string;
}

export async function labelNames({ tx }: Reading): Promise<LabelNames> {
  const rows = await tx
    .selectFrom('signpost.labels')
    .select(['id', 'name'])
    .where('kind', 'in', ['theme', 'technology', 'severity'])
    .execute();
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return { of: (id) => names.get(id)! };
}
