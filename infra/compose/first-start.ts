// Run once by docker-compose.yml before any service: makes the keys that copies of a service share, where there are none.
// What exists is never changed. Arguments: the folders of the senders' keys and of the pseudonym keys.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPseudonymKeys } from '../../services/cli/pseudonym-keys.ts';

const [senders, pseudonyms] = process.argv.slice(2);
if (senders === undefined || pseudonyms === undefined) {
  throw new Error('Usage: first-start.ts FOLDER-OF-SENDERS-KEYS FOLDER-OF-PSEUDONYM-KEYS');
}

// A gateway takes a file that is missing for a mistake, not for a list without keys.
const apiKeys = join(senders, 'api-keys.json');
if (!existsSync(apiKeys)) writeFileSync(apiKeys, '{"version":1,"keys":[]}\n', { mode: 0o600 });

// Several copies of normalize at their first start could each make a key: one process makes it. Where
// SIGNPOST_PSEUDONYM_KEYS is set there is nothing to make.
readPseudonymKeys(pseudonyms);
