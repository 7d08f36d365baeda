// What services share that must not be made up by each: the pseudonym keys, and the API keys of senders.
import { SignpostError } from '#core/errors.ts';
import { makeDirectory } from '#core/make-directory.ts';
import { isLoopback } from '#core/http/host.ts';
import { loadApiKeys, loadApiKeysFile, type ApiKeys } from '#core/http/api-keys.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';
import type { ServiceName } from './services.ts';
import { pseudonymKeysOf, pseudonymKeysVariable, readPseudonymKeys } from '../pseudonym-keys.ts';

/**
 * The keys in the form of `parsePseudonymKeys`. On a cluster they must be given: a copy that made up its own would turn
 * every customer into another one.
 * @throws SignpostError `pseudonym-keys`.
 */
export function sharedPseudonymKeys(
  at: LogAt,
  { pseudonymKeysFile }: Config,
  env: NodeJS.ProcessEnv,
): string {
  if (at.kind === 'embedded' && pseudonymKeysFile === undefined) {
    // The log, which would make it, is opened after all that the configuration names is known to be good.
    makeDirectory(at.directory, 0o700);
    return readPseudonymKeys(at.directory, env);
  }
  const given = env[pseudonymKeysVariable]?.trim();
  if (given) return given;
  if (pseudonymKeysFile === undefined)
    throw new SignpostError('pseudonym-keys', 'No pseudonym keys are given', {
      hint:
        `On a cluster all copies share them: set ${pseudonymKeysVariable} (id:base64, 16 bytes or more; ` +
        'for example "k1:$(openssl rand -base64 32)") or name a file by pseudonymKeysFile.',
    });
  return pseudonymKeysOf(pseudonymKeysFile);
}

/**
 * Keys of senders and readers: of the file that the configuration names, else of the data directory.
 * @throws SignpostError `config-invalid` when a cluster's gateway or portal would be open to the network without any.
 */
export async function senderKeys(
  at: LogAt,
  { gateway: { apiKeysFile, host, openOnLoopback }, portal }: Config,
  services: readonly ServiceName[],
): Promise<ApiKeys> {
  if (apiKeysFile !== undefined) return loadApiKeysFile(apiKeysFile);
  if (at.kind === 'embedded') return loadApiKeys(at.directory);
  if (isLoopback(host) && openOnLoopback) return noKeys;
  // Readers may all come with tokens of an issuer.
  if (!services.includes('gateway') && portal.oidc !== undefined) return noKeys;
  throw new SignpostError(
    'config-invalid',
    `The ${services.includes('gateway') ? 'gateway' : 'portal'} on ${host} has no API keys`,
    {
      hint:
        'Name a file by gateway.apiKeysFile or SIGNPOST_API_KEYS_FILE: `signpost keys create --data DIR` ' +
        'writes DIR/api-keys.json.',
    },
  );
}

const noKeys: ApiKeys = {
  configured: () => Promise.resolve(false),
  knownId: () => Promise.resolve(null),
  verify: () => Promise.resolve(null),
};
