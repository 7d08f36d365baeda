// `signpost keys`: makes, lists and revokes API keys of the HTTP intake.
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { SignpostError } from '#core/errors.ts';
import { makeDirectory } from '#core/make-directory.ts';
import {
  createApiKey,
  keyKinds,
  listApiKeys,
  revokeApiKey,
  type KeyKind,
} from '../gateway/api-keys.ts';
import type { CreateKeyOptions, KeysOptions } from './commands/keys.ts';
import { leavingNothing } from './fresh-directory.ts';
import { createOutput } from './output.ts';
import { safeText } from './safe-text.ts';
import { tableLines } from './table.ts';
import { timeOf } from './tail/show-record.ts';
import { writeRefused } from './write-refused.ts';

export async function createKey(options: CreateKeyOptions): Promise<void> {
  const kinds = kindsOf(options.kinds);
  const { key, token } = await leavingNothing(options.data, async () => {
    try {
      makeDirectory(dirname(resolve(options.data)));
      makeDirectory(options.data, 0o700);
    } catch (error) {
      throw writeRefused(error, options.data, 'with --data');
    }
    return createApiKey(options.data, {
      source: options.source,
      kinds,
      clock: Date.now,
      random: randomBytes,
    });
  });
  const output = createOutput();
  if (options.json) {
    await output.json({ ...key, token });
    return;
  }
  await output.line(token);
  await output.line(
    output.styles.dim(
      `Key ${key.id} of ${key.source} for ${key.kinds.join(', ')}. Keep it safe: it cannot be shown again.`,
    ),
  );
  await output.line(output.styles.dim(`Send it as: Authorization: Bearer ${token.slice(0, 8)}…`));
}

export async function listKeys(options: KeysOptions): Promise<void> {
  const keys = await listApiKeys(options.data);
  const output = createOutput();
  if (options.json) {
    for (const key of keys) await output.json(key);
    return;
  }
  if (keys.length === 0) {
    await output.line(
      'No keys yet: `signpost keys create --source NAME --kinds tickets` makes one.',
    );
    return;
  }
  const rows = keys.map(({ id, source, kinds, createdAt, revokedAt }) => [
    id,
    safeText(source),
    kinds.join(', '),
    timeOf(createdAt),
    revokedAt === null ? '' : timeOf(revokedAt),
  ]);
  const head = ['id', 'source', 'kinds', 'made', 'revoked'];
  for (const line of tableLines(head, rows, output.styles.bold, head)) await output.line(line);
}

export async function revokeKey(id: string, options: KeysOptions): Promise<void> {
  const revoked = await revokeApiKey(options.data, id, Date.now);
  if (!revoked) {
    throw new SignpostError('unknown-key', `There is no key ${id} that could still be revoked`, {
      hint: '`signpost keys list` shows the ids.',
    });
  }
  const output = createOutput();
  if (options.json) await output.json({ id, revoked });
  else await output.line(`Key ${safeText(id)} is revoked.`);
}

function kindsOf(list: string): readonly KeyKind[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !keyKinds.some((kind) => kind === name));
  if (unknown === undefined) return names as KeyKind[];
  throw new SignpostError(
    'unknown-kind',
    `There is no kind ${unknown === '' ? '(empty)' : unknown}`,
    {
      hint: `Kinds are ${keyKinds.join(', ')}; join several with commas.`,
    },
  );
}
