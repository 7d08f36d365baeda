// A process that writes objects into a directory, for tests of several processes and of killed ones.
//   increment <directory> <key> <times>   adds to the number that the object holds
//   replace <directory> <key> <bytes>     writes the object for ever, each time full of one letter
//   put <directory> <key> <bytes>         writes it once, and prints the error's code and sentence
import { openDirectoryStore } from '../../services/core/objects/directory.ts';
import { SignpostError } from '../../services/core/errors.ts';
import { increment } from './objects.ts';

const [task, directory, key, number] = process.argv.slice(2) as [string, string, string, string];
const store = await openDirectoryStore(directory);
switch (task) {
  case 'increment':
    await Promise.all(Array.from({ length: Number(number) }, () => increment(store, key)));
    break;
  case 'replace':
    for (let letter = 0; ; letter = (letter + 1) % 26) {
      await store.put(key, Buffer.alloc(Number(number), 97 + letter));
      process.stdout.write('.');
    }
  case 'put':
    try {
      await store.put(key, Buffer.alloc(Number(number)));
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      process.stdout.write(`${error.code}: ${error.message}`);
    }
}
await store.close();
