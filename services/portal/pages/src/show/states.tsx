// What stands where an answer will be, is none or failed.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask, useAddress } from '../address/use-address.ts';
import type { Problem } from '../api/get.ts';
import { say } from '../shell/toast.tsx';

/** Grey lines; they show only after 300 ms, so that a quick answer never flashes. */
export function Skeleton({ lines = 3, what = 'Loading' }: { lines?: number; what?: string }) {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">{what}…</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} class="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  );
}

/** @param command what to type next, with a button that copies it. */
export function Empty({
  title,
  children,
  command,
}: {
  title: string;
  children?: ComponentChildren;
  command?: string;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children !== undefined && <div class="quiet">{children}</div>}
      {command !== undefined && <Command text={command} />}
    </div>
  );
}

export function Command({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      say('The browser does not let pages copy here; select the command and copy it.');
    }
  }
  return (
    <p class="command">
      <code>{text}</code>
      <button type="button" class="button" onClick={() => void copy()}>
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </p>
  );
}

/** Says what happened; what was there stays where the page leaves it. */
export function Failed({ problem, again }: { problem: Problem; again?: () => void }) {
  // Asked again it would be refused again.
  const isOtherDepartment = useAddress().query.has('department') && problem.field === 'department';
  return (
    <div class="failed" role="alert">
      <p>
        <strong>{problem.message}</strong> {problem.hint !== undefined && problem.hint}
      </p>
      {isOtherDepartment && (
        <button type="button" class="button" onClick={() => ask({ department: null })}>
          All departments
        </button>
      )}
      {again !== undefined && !isOtherDepartment && (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
