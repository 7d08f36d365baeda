// Every topic there is, in both languages.
import { DIGITAL } from './digital.ts';
import { FIELD } from './field.ts';
import { MONEY } from './money.ts';
import { NETWORK } from './network.ts';
import { PEOPLE } from './people.ts';
import { SPANISH } from './spanish.ts';
import type { Topic } from './topic.ts';

export const TOPICS: readonly Topic[] = [...NETWORK, ...FIELD, ...MONEY, ...DIGITAL, ...PEOPLE].map(
  inBothLanguages,
);

function inBothLanguages(topic: Topic): Topic {
  const spanish = SPANISH[topic.key];
  return spanish === undefined ? topic : { ...topic, spanish };
}
