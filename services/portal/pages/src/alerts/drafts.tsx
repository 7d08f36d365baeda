// Messages drafted for those who tell others, each to be copied; people read them before they send them.
import { useState } from 'preact/hooks';
import type { Draft } from '../../../alerts/answers.ts';
import { say } from '../shell/toast.tsx';
import { titleOf } from '../show/figures.ts';
import { alertPath } from './words.ts';

export function Drafts({ drafts, id }: { drafts: readonly Draft[]; id: string }) {
  return (
    <section aria-labelledby="drafts-title">
      <h2 id="drafts-title">Drafts</h2>
      <p class="quiet">Made of this record alone. Read them before you send them.</p>
      {drafts.map((draft) => (
        <details key={draft.audience} class="draft">
          <summary>
            <span class="draft-audience">{titleOf(draft.audience)}</span>{' '}
            <bdi class="quiet">{draft.subject}</bdi>
          </summary>
          <DraftText draft={draft} id={id} />
        </details>
      ))}
    </section>
  );
}

function DraftText({ draft: { audience, subject, text }, id }: { draft: Draft; id: string }) {
  const [isCopied, setCopied] = useState(false);
  const link = `${window.location.origin}${alertPath(id)}`;
  // What customers may read names no address of this server.
  const whole = audience === 'operations' ? `${text}\nMore: ${link}` : text;
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(`${subject}\n\n${whole}\n`);
      setCopied(true);
    } catch {
      say('The browser does not let pages copy here; select the text and copy it.');
    }
  }
  return (
    <>
      <p class="draft-text">{whole}</p>
      <button type="button" class="button" onClick={() => void copy()}>
        {isCopied ? 'Copied' : `Copy for ${titleOf(audience)}`}
      </button>
    </>
  );
}
