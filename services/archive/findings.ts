// What a verification may find wrong, each with a sentence that names the object or the range.
import type { DatasetName } from './datasets.ts';

export type FindingKind =
  /** Archived by what the stage committed, and in no file. */
  | 'rows-missing'
  /** The topic and the archive say different things of a range. */
  | 'rows-differ'
  /** The archive holds offsets that the topic never had. */
  | 'beyond-topic'
  /** Two files of a day hold the same range. */
  | 'ranges-overlap'
  /** Not archived for much longer than it should take. */
  | 'waits-long'
  | 'manifest-damaged'
  | 'object-missing'
  | 'object-differs'
  | 'file-damaged'
  /** In a file that does not say that it holds it. */
  | 'row-stray'
  /** The same place of the topic twice. */
  | 'row-doubled';

export interface Finding {
  readonly kind: FindingKind;
  readonly dataset: DatasetName;
  /** Null where it concerns several days, or none. */
  readonly day: string | null;
  /** The object concerned; null for a range of the topic. */
  readonly key: string | null;
  readonly partition: number | null;
  /** Offsets concerned, `to` exclusive. */
  readonly from: number | null;
  readonly to: number | null;
  readonly says: string;
}

type Where = Partial<Pick<Finding, 'day' | 'key' | 'partition' | 'from' | 'to'>>;

/** Findings of a dataset, as many as are shown: of the rest, how many. */
export interface Findings {
  add(kind: FindingKind, where: Where, says: string): void;
  addAll(others: Findings): void;
  readonly all: readonly Finding[];
  /** Beyond those of `all`. */
  readonly more: number;
}

/** So many are kept: an archive that lost a bucket would fill memory with them. */
const mostKept = 1000;

export function createFindings(dataset: DatasetName): Findings {
  const all: Finding[] = [];
  let more = 0;
  return {
    add(kind, where, says) {
      if (all.length >= mostKept) more += 1;
      else {
        const { day = null, key = null, partition = null, from = null, to = null } = where;
        all.push({ kind, dataset, day, key, partition, from, to, says });
      }
    },
    addAll(others) {
      for (const finding of others.all) {
        if (all.length >= mostKept) more += 1;
        else all.push(finding);
      }
      more += others.more;
    },
    all,
    get more() {
      return more;
    },
  };
}

/** `from` exclusive `to` as people say it: `offset 5`, `offsets 5 to 9`. */
export function offsetsOf({ from, to }: { readonly from: number; readonly to: number }): string {
  return to - from === 1 ? `offset ${from}` : `offsets ${from} to ${to - 1}`;
}
