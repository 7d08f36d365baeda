// `signpost keys`: makes, lists and revokes the API keys of senders and readers.
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { SignpostError } from '#core/errors.ts';
import { makeDirectory } from '#core/make-directory.ts';
import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
  type NewApiKey,
} from '#core/http/api-key-changes.ts';
import type { ApiKey } from '#core/http/api-keys.ts';
import { keyKinds, type KeyKind } from '#core/http/keys-file.ts';
import { roles } from '#core/http/roles.ts';
import type { CreateKeyOptions, KeysOptions } from './commands/keys.ts';
import { readConfig } from './config.ts';
import { departmentNames } from './departments.ts';
import { leavingNothing } from './fresh-directory.ts';
import { createOutput } from './output.ts';
import { safeText } from './safe-text.ts';
import { tableLines } from './table.ts';
import { timeOf } from './tail/show-record.ts';
import { writeRefused } from './write-refused.ts';

export async function createKey(options: CreateKeyOptions): Promise<void> {
  const asked = askedOf(options);
  const { key, token } = await leavingNothing(options.data, async () => {
    try {
      makeDirectory(dirname(resolve(options.data)));
      makeDirectory(options.data, 0o700);
    } catch (error) {
      throw writeRefused(error, options.data, 'with --data');
    }
    return createApiKey(options.data, {
      ...asked,
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
      `Key ${key.id} of ${key.source}: ${rightsOf(key)}. Keep it safe: it cannot be shown again.`,
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
      'No keys yet: `signpost keys create --source NAME --kinds tickets` makes one for a sender, `--read --role planner` for a reader.',
    );
    return;
  }
  const rows = keys.map((key) => [
    key.id,
    safeText(key.source),
    rightsOf(key),
    timeOf(key.createdAt),
    key.revokedAt === null ? '' : timeOf(key.revokedAt),
  ]);
  const head = ['id', 'source', 'may', 'made', 'revoked'];
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

/** For example `send tickets, posts; read planning as reader`. */
function rightsOf({ kinds, reads }: ApiKey): string {
  const sends = kinds.length === 0 ? [] : [`send ${kinds.join(', ')}`];
  if (reads === null) return sends.join();
  const whose = reads.departments === null ? 'everything' : reads.departments.join(', ');
  return [...sends, `read ${safeText(whose)} as ${reads.role}`].join('; ');
}

/** What a new key is to be bound to. @throws SignpostError when the options do not say. */
function askedOf({
  source,
  kinds,
  read,
  role,
  departments,
  config,
}: CreateKeyOptions): Pick<NewApiKey, 'source' | 'kinds' | 'reads'> {
  if (read === undefined) {
    if (role !== undefined || departments !== undefined) {
      throw incomplete(
        '--role and --departments say what a reader may see',
        'Add --read for a key that reads.',
      );
    }
    if (source === undefined || kinds === undefined) {
      throw incomplete(
        "A sender's key needs --source and --kinds",
        'For example: --source helpdesk --kinds tickets. A key that reads needs --read and --role.',
      );
    }
    return { source, kinds: kindsOf(kinds), reads: null };
  }
  const known = roles.find((each) => each === role);
  if (known === undefined) {
    throw incomplete('A key that reads needs a --role', `Roles are ${roles.join(', ')}.`);
  }
  return {
    source: source ?? known,
    kinds: kinds === undefined ? [] : kindsOf(kinds),
    reads: {
      role: known,
      departments: departments === undefined ? null : departmentsOf(departments, config),
    },
  };
}

function incomplete(message: string, hint: string): SignpostError {
  return new SignpostError('key-incomplete', message, { hint });
}

/** A name nobody has would make a key that sees nothing. */
function departmentsOf(list: string, config: string | undefined): string[] {
  const known = departmentNames(readConfig(config).classify);
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new SignpostError(
    'unknown-department',
    `There is no department ${unknown === '' ? '(empty)' : safeText(unknown)}`,
    { hint: `Departments are ${known.join(', ')}; join several with commas.` },
  );
}

function kindsOf(list: string): readonly KeyKind[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !keyKinds.some((kind) => kind === name));
  if (unknown === undefined) return names as KeyKind[];
  throw new SignpostError(
    'unknown-kind',
    `There is no kind ${unknown === '' ? '(empty)' : safeText(unknown)}`,
    {
      hint: `Kinds are ${keyKinds.join(', ')}; join several with commas.`,
    },
  );
}
