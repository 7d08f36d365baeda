// The words of a record: a title, a report, details, riders, moods and slips of the pen, as people write.
import type { Trait, Truth } from './event.ts';
import { expand, type Phrase } from './grammar.ts';
import { EMOJI, HOSTILE, PERSONAL, PERSONAL_SPANISH } from './phrases/asides.ts';
import { TOPICS } from './phrases/catalogue.ts';
import * as company from './phrases/company.ts';
import { RIDERS } from './phrases/people.ts';
import type { Rider, Wording } from './phrases/topic.ts';
import { pick, type Random } from './random.ts';
import { compilePhrase } from './slots.ts';
import type { Subject } from './subject.ts';

/** What was said: null where there are no words. `rider`: a matter added to the topic's own. */
export interface Said {
  readonly title: string | null;
  readonly text: string | null;
  readonly rider: Rider | null;
  readonly traits: readonly Trait[];
}

type Compiled = { readonly [Part in keyof Wording]: readonly Phrase<Subject>[] };

const compileAll = (texts: readonly string[]): readonly Phrase<Subject>[] =>
  texts.map(compilePhrase);
const compileWording = (wording: Wording): Compiled => ({
  titles: compileAll(wording.titles),
  reports: compileAll(wording.reports),
  details: compileAll(wording.details),
  short: compileAll(wording.short),
});

const ENGLISH = new Map(TOPICS.map((topic) => [topic.key, compileWording(topic)]));
const SPANISH = new Map(
  TOPICS.flatMap((topic) =>
    topic.spanish === undefined ? [] : [[topic.key, compileWording(topic.spanish)] as const],
  ),
);
const RIDER_PHRASES = new Map(RIDERS.map((rider) => [rider, compileAll(rider.texts)]));
const PERSONAL_PHRASES = compileAll(PERSONAL);
const PERSONAL_SPANISH_PHRASES = compileAll(PERSONAL_SPANISH);
const PLEASE = compilePhrase('{please}');
const PLEASE_SPANISH = compilePhrase('{ruego}');
const HASHTAGS = compileAll(company.HASHTAGS);

/** Phrases of the provider's own staff, compiled. */
export const STAFF = {
  replies: compileAll(company.REPLIES),
  outageReplies: compileAll(company.OUTAGE_REPLIES),
  thanks: compileAll(company.THANKS),
  workNotes: compileAll(company.WORK_NOTES),
  holdReasons: compileAll(company.HOLD_REASONS),
  outageNotes: compileAll(company.OUTAGE_NOTES),
  deskNotes: compileAll(company.DESK_NOTES),
  solutions: compileAll(company.SOLUTIONS),
  deskSolutions: compileAll(company.DESK_SOLUTIONS),
  outageSolutions: compileAll(company.OUTAGE_SOLUTIONS),
};

const PERSONAL_SHARE = { tickets: 0.06, posts: 0.015, surveys: 0.01 } as const;
const HOSTILE_SHARE = 0.002;
const WORDLESS_SHARE = { tickets: 0.01, posts: 0, surveys: 0.5 } as const;
const RIDER_SHARE = { tickets: 0.16, posts: 0.12, surveys: 0.07 } as const;
const NO_TRAITS: readonly Trait[] = [];

/** Puts a subject into words. */
export function say(subject: Subject, random: Random): Said {
  const { kind } = subject;
  if (random.chance(WORDLESS_SHARE[kind])) {
    return { title: null, text: null, rider: null, traits: ['no-words'] };
  }
  const wording = (subject.spanish ? SPANISH : ENGLISH).get(subject.topic.key)!;
  const title =
    kind === 'tickets' && random.chance(0.93)
      ? expand(pick(random, wording.titles), subject, random)
      : null;
  let rider: Rider | null = null;
  let text: string | null = null;
  if (title === null || random.chance(0.85)) {
    text = body(subject, wording, random);
    if (!subject.spanish && subject.topic.sentiment !== 1 && subject.topic.theme !== 'none') {
      if (random.chance(RIDER_SHARE[kind])) {
        rider = pick(random, RIDERS);
        text = follow(
          text,
          capitalized(expand(pick(random, RIDER_PHRASES.get(rider)!), subject, random)),
        );
      }
    }
    if (kind === 'tickets' && random.chance(0.35)) {
      const please = expand(subject.spanish ? PLEASE_SPANISH : PLEASE, subject, random);
      if (please !== '') text = follow(text, please);
    }
    text = capitalized(text);
    text = kind === 'posts' ? postStyle(text, subject, random) : text;
    text = slips(text, random);
  }
  return season(
    { title: title === null ? null : capitalized(title), text, rider },
    subject,
    random,
  );
}

/** The departments and the rest of what is meant by something said about a subject. */
export function truthOf(subject: Subject, said: Said, more: readonly Trait[] = NO_TRAITS): Truth {
  const { topic, cause } = subject;
  const { rider } = said;
  const added = rider?.departments.filter((each) => !topic.departments.includes(each)) ?? [];
  const wordless = said.title === null && said.text === null;
  return {
    departments: added.length === 0 ? topic.departments : [...topic.departments, ...added],
    theme: topic.theme,
    sentiment: rider === null ? (wordless ? subject.mood : topic.sentiment) : -1,
    churn: topic.churn === true || rider?.churn === true,
    worldEventId: cause?.id ?? null,
    outageId: cause?.kind === 'outage' ? cause.id : null,
    campaignId: cause?.kind === 'campaign' ? cause.id : null,
    traits: more.length === 0 ? said.traits : [...said.traits, ...more],
  };
}

function body(subject: Subject, wording: Compiled, random: Random): string {
  const brief = { tickets: 0.1, posts: 0.55, surveys: 0.7 }[subject.kind];
  if (random.chance(brief)) return expand(pick(random, wording.short), subject, random);
  let text = expand(pick(random, wording.reports), subject, random);
  if (wording.details.length === 0) return text;
  const first = random.below(wording.details.length);
  if (random.chance(0.6))
    text = `${text} ${capitalized(expand(wording.details[first]!, subject, random))}`;
  if (subject.kind === 'tickets' && wording.details.length > 1 && random.chance(0.35)) {
    const other = (first + 1 + random.below(wording.details.length - 1)) % wording.details.length;
    text = `${text} ${capitalized(expand(wording.details[other]!, subject, random))}`;
  }
  return text;
}

function postStyle(text: string, subject: Subject, random: Random): string {
  let styled = text;
  const style = random.float();
  if (style < 0.28) styled = styled.toLowerCase();
  else if (style < 0.3) styled = styled.toUpperCase();
  if (subject.topic.theme !== 'none' && random.chance(0.3))
    styled = `${subject.provider.handle} ${styled}`;
  if (random.chance(0.18)) styled = `${styled} ${pick(random, EMOJI[subject.mood])}`;
  if (random.chance(0.1)) styled = `${styled} ${expand(pick(random, HASHTAGS), subject, random)}`;
  return styled;
}

/** Now and then a doubled sign, a drawn-out word or a mistyped one. */
function slips(text: string, random: Random): string {
  const slip = random.float();
  if (slip > 0.16 || text.length < 12) return text;
  const at = 1 + random.below(text.length - 3);
  if (slip < 0.03) return `${text}${'!'.repeat(1 + random.below(4))}`;
  const letter = text[at]!;
  if (!isLetter(letter) || !isLetter(text[at + 1]!) || !isLetter(text[at - 1]!)) return text;
  if (slip < 0.07) {
    if (!'aeiou'.includes(letter)) return text;
    return text.slice(0, at) + letter.repeat(2 + random.below(4)) + text.slice(at);
  }
  if (slip < 0.11) return text.slice(0, at) + text.slice(at + 1);
  return text.slice(0, at) + text[at + 1]! + letter + text.slice(at + 2);
}

function season(
  plain: { title: string | null; text: string | null; rider: Rider | null },
  subject: Subject,
  random: Random,
): Said {
  let { text } = plain;
  const dice = random.float();
  const personal = PERSONAL_SHARE[subject.kind];
  if (text === null || dice > personal + HOSTILE_SHARE) return { ...plain, traits: NO_TRAITS };
  if (dice < personal) {
    const phrases = subject.spanish ? PERSONAL_SPANISH_PHRASES : PERSONAL_PHRASES;
    text = follow(text, expand(pick(random, phrases), subject, random));
    return { ...plain, text, traits: ['personal-data'] };
  }
  const hostile = pick(random, HOSTILE);
  text = random.chance(0.5) ? `${hostile} ${text}` : `${text} ${hostile}`;
  return { ...plain, text, traits: ['hostile-text'] };
}

/** Puts a sentence after another, which gets its full stop if it had none. */
function follow(text: string, next: string): string {
  const last = text.charCodeAt(text.length - 1) | 0x20;
  return last >= 0x61 && last <= 0x7a ? `${text}. ${next}` : `${text} ${next}`;
}

function isLetter(sign: string): boolean {
  return sign >= 'a' && sign <= 'z';
}

function capitalized(text: string): string {
  const first = text[0];
  // Most sentences begin with a capital already; copying them would cost the generator its pace.
  if (first === undefined || first < 'a' || first > 'z') return text;
  return first.toUpperCase() + text.slice(1);
}
