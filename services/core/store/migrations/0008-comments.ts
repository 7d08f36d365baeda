// Why somebody took an incident in hand, for those who wonder.
import type { Migration } from '../migrate.ts';

export const comments: Migration = {
  name: 'comments',
  statements: ['ALTER TABLE signpost.transitions ADD COLUMN comment text'],
};
