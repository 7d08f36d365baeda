// Files of lines of JSON in the place of Parquet, for tests of what only moves rows.
import type { FileFormat } from '../../services/archive/file-format.ts';

/** Of several rows at a time, so that files are read in pieces as Parquet is. @param groupRows how many */
export function jsonFiles(groupRows = 3): FileFormat {
  return {
    begin() {
      const lines: string[] = [];
      return {
        add: (row) => void lines.push(JSON.stringify(row)),
        finish: () => new TextEncoder().encode(lines.join('\n')),
      };
    },
    async *read(_, bytes) {
      const text = new TextDecoder().decode(bytes);
      const rows = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as never);
      for (let at = 0; at < rows.length; at += groupRows) yield rows.slice(at, at + groupRows);
    },
  };
}
