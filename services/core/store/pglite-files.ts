// The files of PostgreSQL in WebAssembly, with the one thing its file system leaves out: to wait until what was written
// is on disk. Without it a power failure could take what was committed, or tear what was half-written.
import { fsyncSync, mkdirSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { syncDirectory } from '../sync-directory.ts';

/** @param directory made when missing; its parent is there */
export function durableFiles(directory: string): NodeFS {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return new DurableFiles(directory);
}

/** What is used here of the library's file system, which has no types. */
interface NodeFiles {
  readonly stream_ops: { fsync?: (stream: OpenFile) => number };
  realPath(node: unknown): string;
}

interface OpenFile {
  readonly node: unknown;
  /** Absent for directories. */
  readonly nfd?: number;
}

class DurableFiles extends NodeFS {
  /** Adds it once the library has its file systems. */
  override async init(...args: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(...args);
    return {
      emscriptenOpts: {
        ...emscriptenOpts,
        preRun: [
          ...(emscriptenOpts.preRun ?? []),
          (module: unknown) => addFsync((module as { readonly NODEFS: NodeFiles }).NODEFS),
        ],
      },
    };
  }
}

function addFsync(files: NodeFiles): void {
  files.stream_ops.fsync = ({ node, nfd }) => {
    if (nfd === undefined) syncDirectory(files.realPath(node));
    else fsyncSync(nfd);
    return 0;
  };
}
