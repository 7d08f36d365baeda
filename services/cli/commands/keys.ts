// Definition of `signpost keys` and its three parts.
import type { Command } from 'commander';
import { dataOption, examples, jsonOption } from '../options.ts';

export interface KeysOptions {
  readonly data: string;
  readonly json?: true;
}

export interface CreateKeyOptions extends KeysOptions {
  readonly source: string;
  readonly kinds: string;
}

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .summary('API keys of the HTTP intake')
    .description(
      'Makes, lists and revokes the keys that senders need. Each is bound to one source and its kinds.',
    )
    .addHelpText(
      'after',
      examples([
        'signpost keys create --source helpdesk --kinds tickets',
        'a key for one sender, shown once',
      ]),
    );
  keys
    .command('create')
    .summary('make one')
    .description('Makes a key and prints it. It is stored as a hash: it cannot be shown again.')
    .requiredOption('--source <name>', 'source that its records come from, kebab-case')
    .requiredOption(
      '--kinds <list>',
      'what it may send: tickets, posts, surveys, judgements; several with commas',
    )
    .addOption(dataOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(['signpost keys create --source app --kinds posts,surveys', 'for two kinds']),
    )
    .action(async (options: CreateKeyOptions) => {
      const { createKey } = await import('../keys.ts');
      await createKey(options);
    });
  keys
    .command('list')
    .summary('list them')
    .description('Lists all keys, revoked ones too; never their secrets.')
    .addOption(dataOption())
    .addOption(jsonOption('print one JSON object per key'))
    .addHelpText('after', examples(['signpost keys list', 'ids, sources, kinds and dates']))
    .action(async (options: KeysOptions) => {
      const { listKeys } = await import('../keys.ts');
      await listKeys(options);
    });
  keys
    .command('revoke')
    .summary('end one')
    .description('Ends a key. A running intake refuses it within a second.')
    .argument('<id>', 'id of the key, as listed')
    .addOption(dataOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(['signpost keys revoke 0a1b2c3d4e5f', 'that key is refused from now on']),
    )
    .action(async (id: string, options: KeysOptions) => {
      const { revokeKey } = await import('../keys.ts');
      await revokeKey(id, options);
    });
}
