// From what a reader says of an insight to the record on insights.judged.v1: checked, safe to share, with an id that is
// the same however often it is sent.
import { createHash } from 'node:crypto';
import type { Judgement } from '#schemas/judgement.ts';
import { Problem } from '#core/http/problem.ts';
import type { Reception, RecordRoute } from '#core/http/record-route.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import { refuse, type Refusal } from '#core/refusal.ts';
import { stated } from '#core/text-fields.ts';
import { toOutgoing } from '#core/topic.ts';
import { insightsJudged } from '../topology.ts';
import { judgementSchema, judgementValidator, type JudgementInput } from './judgement-input.ts';

export interface JudgementParts {
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
  /** The text without personal data; the same text when there is none. */
  readonly redact: (text: string) => string;
  /** Who judges from the pages or with a token; see `ReaderAccess.judgeOf`. */
  readonly judgeOf?: RecordRoute['senderOf'];
}

/** Where the model that judged an insight is not known. */
export const unknownModel = 'unknown';

/** `POST /v1/judgements`. */
export function judgementRoute(parts: JudgementParts): RecordRoute<'judgements'> {
  const schema = judgementSchema(parts.departments);
  const validate = judgementValidator(schema);
  return {
    kind: 'judgements',
    body: schema,
    ...(parts.judgeOf !== undefined && { senderOf: parts.judgeOf }),
    take(input, reception) {
      const checked = validate(input);
      if (!checked.ok) return checked;
      checkDepartment(checked.record.department, reception.departments);
      const judgement = judgementOf(checked.record, reception, parts.redact);
      return 'reason' in judgement
        ? judgement
        : { ok: true, outgoing: framed(judgement, reception) };
    },
  };
}

/** Whoever is held to departments neither sees nor teaches what belongs to others. */
function checkDepartment(department: string, allowed: Reception['departments']): void {
  if (allowed === null || allowed.includes(department)) return;
  throw new Problem(403, 'department-not-allowed', `This key may not judge for ${department}.`, {
    field: 'department',
    hint: `It is one of ${allowed.join(', ')}. Nothing of this request was taken in.`,
  });
}

function framed(judgement: Judgement, { receivedAt, traceparent }: Reception): OutgoingRecord {
  return toOutgoing(insightsJudged, judgement, { timestamp: receivedAt, traceparent });
}

/**
 * The record of a checked input object, or why it is refused: a reader named by an e-mail address or a name would have
 * to be redacted, and then all such readers would be one.
 */
function judgementOf(
  input: JudgementInput,
  { source, receivedAt }: Reception,
  redact: JudgementParts['redact'],
): Judgement | Refusal {
  const { insightId, department, verdict } = input;
  const judgedBy = stated(input.judgedBy) ?? source;
  if (redact(judgedBy) !== judgedBy) {
    return refuse(
      'personal-data',
      'judgedBy',
      'must be a role or a pseudonym: it reads like a name, an address or a number of a person',
    );
  }
  const comment = stated(input.comment);
  return {
    id: idOf(stated(input.id), [insightId, department, verdict, judgedBy], redact),
    insightId,
    department,
    verdict,
    theme: stated(input.theme),
    comment: comment === null ? null : redact(comment),
    judgedBy,
    judgedAt: receivedAt,
    model: stated(input.model) ?? unknownModel,
  };
}

/** The sender's own id, unless personal data is in it; else one that follows from what was said. */
function idOf(
  own: string | null,
  said: readonly string[],
  redact: JudgementParts['redact'],
): string {
  if (own === null) return hashed(said);
  return redact(own) === own ? own : hashed([own]);
}

/** 132 bits of SHA-256, as the ids of insights: too wide to collide. */
function hashed(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}
