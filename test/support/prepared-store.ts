// Makes the database that new ones are copies of, once for all runs of these migrations, as `npm ci` does.
import { prepareStore } from '../../services/core/store/prepare-store.ts';

export default async function setup(): Promise<void> {
  await prepareStore();
}
