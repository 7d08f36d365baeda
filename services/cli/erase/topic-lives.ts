// For how long a topic really keeps words: by its own settings, not by those it should have. Pure.
import type { TopicLife } from './scan-topics.ts';

const minuteMs = 60_000;
/** Retention looks every minute, and a batch goes when its newest record may. */
const embeddedDelayMs = 2 * minuteMs;
/** Kafka looks for expired segments every 5 minutes and deletes their files a minute later, at its defaults. */
const kafkaDelayMs = 10 * minuteMs;
const weekMs = 7 * 86_400_000;

/** @param retentionMs as the log's file has it */
export function embeddedLife(retentionMs = 0): TopicLife {
  return { retentionMs, delayMs: embeddedDelayMs, why: null };
}

/** @param config the topic's settings by Kafka's names, those of the cluster's defaults too */
export function clusterLife(topic: string, config: Readonly<Record<string, string>>): TopicLife {
  const number = (name: string, otherwise: number): number => {
    const value = Number(config[name] ?? otherwise);
    return Number.isFinite(value) ? value : otherwise;
  };
  const retentionMs = number('retention.ms', weekMs);
  const delayMs = number('segment.ms', weekMs) + kafkaDelayMs;
  const policy = config['cleanup.policy'] ?? 'delete';
  const mend = `\`signpost topics apply\` mends ${topic}`;
  let why: string | null = null;
  if (!policy.split(',').includes('delete'))
    why = `its records are compacted, never deleted: ${mend}`;
  else if (retentionMs < 0) why = `its records are kept for ever: ${mend}`;
  return { retentionMs: Math.max(0, retentionMs), delayMs, why };
}
