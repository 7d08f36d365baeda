// The forms that receivers publish, as JSON schemas: required fields, their types, and no field that they do not know.
// Alertmanager api/v2/openapi.yaml; TM Forum TMF642 v4 Alarm_Create and Alarm_Update, TMF656 v4 ServiceProblem_Create and
// ServiceProblem_Update; CloudEvents 1.0; the webhook message of Alertmanager, version 4.
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats.default(ajv);

const text = { type: 'string' };
const filledText = { type: 'string', minLength: 1 };
const time = { type: 'string', format: 'date-time' };
const uri = { type: 'string', format: 'uri' };
const flag = { type: 'boolean' };
const labels = { type: 'object', additionalProperties: filledText };
const object = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const listOf = (items: object): object => ({ type: 'array', items, minItems: 1 });
const entity = { id: text, href: text, name: text, role: text, '@type': text };
const meta = { '@type': text, '@baseType': text, '@schemaLocation': text };

const postableAlerts = listOf(
  object({ labels, annotations: labels, startsAt: time, endsAt: time, generatorURL: uri }, [
    'labels',
  ]),
);

const status = { enum: ['firing', 'resolved'] };
const webhookMessage = object(
  {
    version: { const: '4' },
    groupKey: filledText,
    truncatedAlerts: { type: 'integer' },
    status,
    receiver: filledText,
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: labels,
    externalURL: text,
    alerts: listOf(
      object(
        {
          status,
          labels,
          annotations: labels,
          startsAt: time,
          endsAt: time,
          generatorURL: text,
          fingerprint: { type: 'string', pattern: '^[0-9a-f]{16}$' },
        },
        ['status', 'labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL', 'fingerprint'],
      ),
    ),
  },
  [
    'version',
    'groupKey',
    'truncatedAlerts',
    'status',
    'receiver',
    'groupLabels',
    'commonLabels',
    'commonAnnotations',
    'externalURL',
    'alerts',
  ],
);

const alarmChanges = {
  ...meta,
  ackState: { enum: ['acknowledged', 'unacknowledged'] },
  ackSystemId: text,
  ackUserId: text,
  alarmChangedTime: time,
  alarmClearedTime: time,
  alarmDetails: text,
  alarmReportingTime: time,
  alarmType: { const: 'qualityOfServiceAlarm' },
  alarmedObject: object({ id: filledText, href: text }, ['id']),
  alarmedObjectType: text,
  clearSystemId: text,
  clearUserId: text,
  externalAlarmId: text,
  perceivedSeverity: {
    enum: ['critical', 'major', 'minor', 'warning', 'indeterminate', 'cleared'],
  },
  place: listOf(object(entity, ['role'])),
  probableCause: filledText,
  reportingSystemId: text,
  serviceAffecting: flag,
  specificProblem: text,
  state: { enum: ['raised', 'updated', 'cleared'] },
};
const alarmCreate = object({ ...alarmChanges, alarmRaisedTime: time, sourceSystemId: filledText }, [
  'alarmType',
  'perceivedSeverity',
  'probableCause',
  'alarmedObject',
  'sourceSystemId',
  'state',
  'alarmRaisedTime',
]);

const related = object({ ...entity, '@referredType': filledText }, ['@referredType', 'id']);
const problemChanges = {
  ...meta,
  affectedLocation: listOf(object(entity)),
  affectedNumberOfServices: { type: 'integer', minimum: 0 },
  category: filledText,
  description: text,
  externalIdentifier: listOf(
    object({ id: filledText, externalIdentifierType: text, owner: text }, ['id']),
  ),
  name: text,
  originatorParty: related,
  priority: { type: 'integer', minimum: 1, maximum: 10 },
  reason: filledText,
  resolutionDate: time,
  status: {
    enum: [
      'acknowledged',
      'rejected',
      'pending',
      'held',
      'inProgress',
      'resolved',
      'cancelled',
      'closed',
    ],
  },
  statusChangeDate: time,
  statusChangeReason: text,
};
const problemCreate = object(
  {
    ...problemChanges,
    originatingSystem: text,
    firstAlert: object({ ...entity, '@referredType': filledText }, ['@referredType', 'id', 'role']),
  },
  ['category', 'priority', 'description', 'reason', 'originatorParty'],
);

const cloudEvent = {
  type: 'object',
  properties: {
    specversion: { const: '1.0' },
    id: filledText,
    source: { type: 'string', format: 'uri-reference', minLength: 1 },
    type: filledText,
    subject: filledText,
    time,
    datacontenttype: { const: 'application/json' },
    data: { type: 'object' },
  },
  required: ['specversion', 'id', 'source', 'type'],
  // Names of attributes are small letters and digits.
  propertyNames: { pattern: '^[a-z0-9]+$' },
};

export const targetForms = {
  postableAlerts,
  webhookMessage,
  alarmCreate,
  alarmUpdate: object(alarmChanges),
  problemCreate,
  problemUpdate: object(problemChanges),
  cloudEvent,
};

const compiled = new Map<string, ValidateFunction>();

/** What `body`, JSON, has that its receiver would refuse; empty for nothing. */
export function flawsOf(form: keyof typeof targetForms, body: string): string[] {
  let validate = compiled.get(form);
  if (validate === undefined) compiled.set(form, (validate = ajv.compile(targetForms[form])));
  validate(JSON.parse(body));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
