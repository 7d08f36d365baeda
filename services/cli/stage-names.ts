// The stages by name, and which of them share a thread. Apart from how they are built: whoever only names them loads none.

export const stageNames = ['normalize', 'classify', 'publish'] as const;
export type StageName = (typeof stageNames)[number];

/**
 * Which stages each of `threads` threads runs. Chained, all of them are copies of the whole way. Else two share the work
 * by stage, since what normalize and classify load is large; further ones are copies, sharing partitions as copies of a
 * service would.
 */
export function stagesByThread(
  threads: number,
  chained: boolean,
): readonly (readonly StageName[])[] {
  if (chained || threads === 1) return Array.from({ length: threads }, () => stageNames);
  return Array.from({ length: threads }, (_, i) =>
    i % 2 === 0 ? ['normalize'] : ['classify', 'publish'],
  );
}
