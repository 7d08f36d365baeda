// The SQL of a document, by the heading that it stands under.

/** Blocks of each heading, in order; text outside of them is left out. */
export function sqlBlocks(markdown: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let heading = '';
  let block: string[] | undefined;
  for (const line of markdown.split('\n')) {
    if (block !== undefined) {
      if (line === '```') {
        found.set(heading, [...(found.get(heading) ?? []), block.join('\n')]);
        block = undefined;
      } else block.push(line);
    } else if (line === '```sql') block = [];
    else if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
  }
  return found;
}
