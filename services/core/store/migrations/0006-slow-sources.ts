// What a slow source says counts later than it was said, so that nothing waits for it; see docs/decisions/0014-alerts.md.
import type { Migration } from '../migrate.ts';

export const slowSources: Migration = {
  name: 'slow-sources',
  statements: [
    'ALTER TABLE signpost.sightings ADD COLUMN counts_at timestamptz',
    'UPDATE signpost.sightings SET counts_at = at',
    'ALTER TABLE signpost.sightings ALTER COLUMN counts_at SET NOT NULL',
    'CREATE INDEX sightings_by_count ON signpost.sightings (counts_at)',
  ],
};
