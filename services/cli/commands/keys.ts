// Definition of `signpost keys` and its three parts.
import { Option, type Command } from 'commander';
import { configOption, dataOption, examples, jsonOption } from '../options.ts';

export interface KeysOptions {
  readonly data: string;
  readonly json?: true;
}

export interface CreateKeyOptions extends KeysOptions {
  readonly source?: string;
  readonly kinds?: string;
  readonly read?: true;
  readonly role?: string;
  readonly departments?: string;
  readonly config?: string;
}

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .summary('API keys of the HTTP intake and of the query API')
    .description(
      "Makes, lists and revokes the keys that senders and readers need. A sender's is bound to one source and its kinds,\n" +
        "a reader's to a role and to departments.",
    )
    .addHelpText(
      'after',
      examples(
        [
          'signpost keys create --source helpdesk --kinds tickets',
          'a key for one sender, shown once',
        ],
        ['signpost keys create --read --role planner', 'a key for a planner, who sees every count'],
      ),
    );
  keys
    .command('create')
    .summary('make one')
    .description('Makes a key and prints it. It is stored as a hash: it cannot be shown again.')
    .option(
      '--source <name>',
      'source that its records come from, or who reads, kebab-case (default for readers: the role)',
    )
    .option(
      '--kinds <list>',
      'what it may send: tickets, posts, surveys, judgements; several with commas (a reader with judgements may correct insights)',
    )
    .option('--read', 'it may read: the query API, the pages')
    .addOption(
      new Option(
        '--role <role>',
        'with --read: reader sees no small counts, planner sees every count, admin all there is',
      ).choices(['reader', 'planner', 'admin']),
    )
    .option(
      '--departments <list>',
      'with --read: whose insights it sees, several with commas (default: all)',
    )
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost keys create --source app --kinds posts,surveys', 'for two kinds'],
        [
          'signpost keys create --read --role reader --departments planning --kinds judgements',
          'reads what planning received, and may correct it',
        ],
      ),
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
    .addHelpText(
      'after',
      examples(['signpost keys list', 'ids, sources, what each may do, and dates']),
    )
    .action(async (options: KeysOptions) => {
      const { listKeys } = await import('../keys.ts');
      await listKeys(options);
    });
  keys
    .command('revoke')
    .summary('end one')
    .description('Ends a key. Running services refuse it within a second.')
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
