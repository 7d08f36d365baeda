// One line on a terminal that is redrawn while long work goes on; nothing where the output is no terminal.
import { sizeOf } from './output.ts';

export interface Progress {
  /** Shows `share` (0 to 1) as a bar, with what is said beside it. */
  update(share: number, says: string): void;
  /** Takes the line away. */
  end(): void;
}

const redrawMs = 80;
const barWidth = 28;
const clearLine = '\r\u001b[2K';

/** @param stream usually stderr, so that results on stdout stay clean */
export function createProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  if (!stream.isTTY) return { update() {}, end() {} };
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    update(share, says) {
      if (now() - drawnAt < redrawMs) return;
      drawnAt = now();
      const bounded = Math.min(1, Math.max(0, share));
      const full = Math.round(bounded * barWidth);
      const bar = '━'.repeat(full) + '─'.repeat(barWidth - full);
      const line = `${bar} ${String(Math.floor(bounded * 100)).padStart(3)} %  ${says}`;
      stream.write(clearLine + line.slice(0, Math.max(20, sizeOf(stream).columns - 1)));
    },
    end() {
      stream.write(clearLine);
    },
  };
}
