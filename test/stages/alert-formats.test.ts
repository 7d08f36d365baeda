// What each kind of target is sent: golden messages, the published forms, and hostile names that change nothing.
import { describe, expect, it } from 'vitest';
import { alertCodec, type Alert } from '#schemas/alert.ts';
import { alertmanagerPayload } from '../../services/alert/deliver/formats/alertmanager.ts';
import { alertmanagerWebhookPayload } from '../../services/alert/deliver/formats/alertmanager-webhook.ts';
import { fingerprintOf } from '../../services/alert/deliver/formats/labels.ts';
import { slackPayload } from '../../services/alert/deliver/formats/slack.ts';
import { alarmCreation, alarmUpdate } from '../../services/alert/deliver/formats/tmf642.ts';
import { problemCreation, problemUpdate } from '../../services/alert/deliver/formats/tmf656.ts';
import { webhookPayload } from '../../services/alert/deliver/formats/webhook.ts';
import {
  linkTo,
  severityOf,
  type Notice,
  type Payload,
} from '../../services/alert/deliver/notice.ts';
import { plainText } from '../../services/alert/deliver/plain-text.ts';
import { exampleAlert, exampleContext, noticeOf, resolvedAlert } from '../support/alert-notices.ts';
import { flawsOf, type targetForms } from '../support/target-forms.ts';
import samples from '../../schemas/alert/v2.samples.json' with { type: 'json' };

const parse = ({ body }: Payload): unknown => JSON.parse(body);
const holdMs = 3_600_000;

const all: readonly (readonly [string, keyof typeof targetForms, (notice: Notice) => Payload])[] = [
  [
    'Alertmanager',
    'postableAlerts',
    (notice) => alertmanagerPayload([notice], exampleContext, holdMs),
  ],
  [
    'a webhook of Alertmanager',
    'webhookMessage',
    (notice) => alertmanagerWebhookPayload(notice, exampleContext),
  ],
  ['a webhook', 'cloudEvent', (notice) => webhookPayload(notice, exampleContext)],
  ['TMF642, a new alarm', 'alarmCreate', (notice) => alarmCreation(notice, exampleContext)],
  ['TMF642, a known alarm', 'alarmUpdate', (notice) => alarmUpdate(notice, exampleContext)],
  ['TMF656, a new problem', 'problemCreate', (notice) => problemCreation(notice, exampleContext)],
  ['TMF656, a known problem', 'problemUpdate', (notice) => problemUpdate(notice, exampleContext)],
];

const states = ['firing', 'acknowledged', 'suppressed', 'reopened', 'resolved', 'unknown'] as const;
const hostile = samples.map(({ record }) => record as unknown as Alert);

describe.each(all)('what is sent to %s', (_, form, format) => {
  it('has its form in every state, for every sample of a record, hostile ones too', () => {
    expect(hostile.every((alert) => alertCodec.recordName === 'signpost.Alert' && alert.id)).toBe(
      true,
    );
    for (const alert of [exampleAlert, resolvedAlert, ...hostile])
      for (const state of states) {
        const told = { ...alert, state };
        const notice = noticeOf(told, { opening: alert, by: 'ann@noc.example' });
        expect(flawsOf(form, format(notice).body), `${alert.summary} ${state}`).toEqual([]);
      }
  });

  it('says that a test is one', () => {
    expect(format(noticeOf({}, { isTest: true })).body).toMatch(/test/i);
    expect(format(noticeOf()).body).not.toMatch(/test/i);
  });
});

describe('to Alertmanager', () => {
  it('what stands holds for an hour, and says since when, what and where', () => {
    expect(parse(alertmanagerPayload([noticeOf()], exampleContext, holdMs))).toEqual([
      {
        labels: {
          alertname: 'SignpostIncident',
          incident: 'i-1',
          severity: 'major',
          place: 'Miami North',
          place_level: 'area',
          country: 'US',
          region: 'Florida',
          city: 'Miami',
          area: 'Miami North',
          themes: 'outage,speed',
          product: 'home internet',
          departments: 'customer-service,operations',
        },
        annotations: {
          summary: '57 customers in Miami North report outages; about 4 are usual.',
          state: 'firing',
          place: 'Miami North',
          themes: 'outage, speed',
          customers: '57',
          usual: '4.3',
          affected: '1900',
          affected_low: '1200',
          affected_high: '2750',
          detected_at: '2026-11-29T09:20:00.000Z',
          words: 'storm, biscayne',
        },
        startsAt: '2026-11-29T08:45:00.000Z',
        endsAt: '2026-11-29T13:36:00.000Z',
        generatorURL: 'https://signpost.example/pages/alerts/i-1',
      },
    ]);
  });

  it('what is over has ended, never before it began or after now', () => {
    const ends = (resolvedAt: number) =>
      parse(
        alertmanagerPayload([noticeOf({ ...resolvedAlert, resolvedAt })], exampleContext, holdMs),
      ) as { endsAt: string }[];
    expect(ends(resolvedAlert.resolvedAt!)[0]?.endsAt).toBe('2026-11-29T12:30:00.000Z');
    expect(ends(exampleAlert.startedAt - 1)[0]?.endsAt).toBe('2026-11-29T08:45:00.000Z');
    expect(ends(exampleContext.now + 9e6)[0]?.endsAt).toBe('2026-11-29T12:36:00.000Z');
  });

  it('an incident that widened is the same alert: its labels stay, its annotations do not', () => {
    const wide = { place: 'Florida', placeLevel: 'region', themes: ['outage'], customers: 900 };
    const labelsOf = (notice: Notice) =>
      (parse(alertmanagerPayload([notice], exampleContext, holdMs)) as { labels: object }[])[0];
    expect(labelsOf(noticeOf(wide))?.labels).toEqual(labelsOf(noticeOf())?.labels);
    expect(labelsOf(noticeOf(wide))).toMatchObject({ annotations: { place: 'Florida' } });
  });
});

describe('to a webhook of Alertmanager', () => {
  it('the message is that of version 4', () => {
    const message = parse(alertmanagerWebhookPayload(noticeOf(), exampleContext));
    expect(message).toMatchObject({
      version: '4',
      groupKey: '{}:{incident="i-1"}',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'noc',
      groupLabels: { incident: 'i-1' },
      externalURL: 'https://signpost.example/pages/',
      alerts: [
        { status: 'firing', endsAt: '0001-01-01T00:00:00Z', startsAt: '2026-11-29T08:45:00.000Z' },
      ],
    });
    expect(
      parse(alertmanagerWebhookPayload(noticeOf(resolvedAlert), exampleContext)),
    ).toMatchObject({
      status: 'resolved',
      alerts: [{ status: 'resolved', endsAt: '2026-11-29T12:30:00.000Z' }],
    });
  });

  it('the fingerprint is the one that Alertmanager gives these labels', () => {
    // Of an empty set it is the basis of FNV-1a; the other was read from Alertmanager 0.25.
    expect(fingerprintOf({})).toBe('cbf29ce484222325');
    expect(fingerprintOf({ b: '2', a: '1' })).toBe(fingerprintOf({ a: '1', b: '2' }));
    expect(fingerprintOf({ alertname: 'SignpostIncident', place: 'Mérida' })).toBe(
      '06125e2e703e1f3d',
    );
  });
});

describe('to a webhook', () => {
  it('the record is the data of a CloudEvent', () => {
    expect(parse(webhookPayload(noticeOf({}, { repeat: 1, by: 'ann' }), exampleContext))).toEqual({
      specversion: '1.0',
      id: 't-1',
      source: '/signpost/alert',
      type: 'signpost.alerts.raised.v1',
      subject: 'i-1',
      time: '2026-11-29T09:20:00.000Z',
      timestamp: '2026-11-29T09:20:00.000Z',
      datacontenttype: 'application/json',
      data: {
        ...exampleAlert,
        at: '2026-11-29T09:20:00.000Z',
        startedAt: '2026-11-29T08:45:00.000Z',
        detectedAt: '2026-11-29T09:20:00.000Z',
        resolvedAt: null,
        severity: 'major',
        by: 'ann',
        repeat: 1,
        link: 'https://signpost.example/pages/alerts/i-1',
      },
    });
  });
});

describe('to Slack', () => {
  const textsOf = (notice: Notice) => {
    const message = parse(slackPayload(notice, exampleContext)) as {
      text: string;
      blocks: {
        type: string;
        text?: { type: string; text: string };
        fields?: { text: string }[];
      }[];
    };
    const { text, blocks } = message;
    const parts = blocks.flatMap(({ text: own, fields = [] }) => [
      ...(own === undefined ? [] : [own.text]),
      ...fields.map((field) => field.text),
    ]);
    return { message, text, parts, blocks };
  };

  it('a message says what, where and how many, and leads to the page', () => {
    expect(parse(slackPayload(noticeOf(), exampleContext))).toMatchObject({
      text: 'Firing: outage, speed in Miami North (area). 57 customers in Miami North report outages; about 4 are usual.',
      mrkdwn: false,
      blocks: [
        { type: 'header', text: { text: 'Firing: outage, speed in Miami North (area)' } },
        { type: 'section', text: { type: 'plain_text', emoji: false } },
        {
          type: 'section',
          fields: [
            { text: 'Since: 2026-11-29 08:45 UTC' },
            { text: 'Customers who said so: 57' },
            { text: 'Usual: 4.3' },
            { text: 'Affected, estimated: 1,900 (1,200 to 2,750)' },
            { text: 'Product: home internet' },
            { text: 'Words that rose: storm, biscayne' },
            { text: 'For: operations, customer-service' },
          ],
        },
        {
          type: 'context',
          elements: [{ text: '<https://signpost.example/pages/alerts/i-1|Open in Signpost>' }],
        },
      ],
    });
    expect(textsOf(noticeOf({}, { repeat: 2 })).text).toMatch(/^Still firing: /);
  });

  it.each([
    '<!channel> look',
    '<!here|here>',
    '<@U024BE7LH>',
    '<#C024BE7LH>',
    '@channel @here @all',
    '<https://evil.example|bank>',
    'https://evil.example/',
    '[bank](https://evil.example)',
    '![x](https://evil.example/pixel.png)',
    '*bold* _it_ ~gone~ `code` ```code```',
    '&lt;!channel&gt;',
    'a\n> quote\n\u202egnp',
  ])('the name %j of a place calls, links and formats nothing', (name) => {
    const { text, parts, blocks } = textsOf(
      noticeOf({ place: name, product: name, summary: `${name}: 9 customers`, themes: [name] }),
    );
    expect(text).not.toMatch(/[<>*`~[\]]|:\/\/|@\w|\p{Cc}|\u202e/u);
    expect(text.replace(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
    for (const part of parts) expect(part).not.toMatch(/@\w|<[!@#]|[\p{Cc}\u202e]/u);
    const own = blocks.filter(({ type }) => type !== 'context');
    expect(JSON.stringify(own)).not.toContain('"mrkdwn"');
  });

  it('a message keeps to what Slack allows, however long names are', () => {
    const long = '👩‍👩‍👧 '.repeat(2000);
    const { blocks } = textsOf(
      noticeOf({ place: long, summary: long, product: long, themes: [long] }, { by: long }),
    );
    for (const { type, text, fields = [] } of blocks) {
      expect(text?.text.length ?? 0).toBeLessThanOrEqual(type === 'header' ? 150 : 3000);
      expect(fields.length).toBeLessThanOrEqual(10);
      for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2000);
    }
    expect(JSON.stringify(blocks).isWellFormed()).toBe(true);
  });
});

describe('to TMF642', () => {
  it('an alarm is raised, updated, acknowledged and cleared', () => {
    expect(parse(alarmCreation(noticeOf(), exampleContext))).toEqual({
      '@type': 'Alarm',
      externalAlarmId: 'i-1',
      sourceSystemId: 'signpost',
      alarmRaisedTime: '2026-11-29T08:45:00.000Z',
      alarmType: 'qualityOfServiceAlarm',
      probableCause: 'thresholdCrossed',
      perceivedSeverity: 'major',
      state: 'raised',
      specificProblem: 'Firing: outage, speed in Miami North (area)',
      alarmDetails: '57 customers in Miami North report outages; about 4 are usual.',
      alarmedObjectType: 'Place',
      alarmedObject: { id: 'area:Miami North' },
      place: [{ name: 'Miami North', role: 'affected area' }],
      reportingSystemId: 'signpost',
      serviceAffecting: true,
      alarmReportingTime: '2026-11-29T09:20:00.000Z',
      alarmChangedTime: '2026-11-29T09:20:00.000Z',
      ackState: 'unacknowledged',
    });
    const acknowledged = noticeOf({ state: 'acknowledged' }, { by: 'ann' });
    expect(parse(alarmUpdate(acknowledged, exampleContext))).toMatchObject({
      state: 'updated',
      ackState: 'acknowledged',
      ackUserId: 'ann',
    });
    expect(parse(alarmUpdate(noticeOf(resolvedAlert), exampleContext))).toMatchObject({
      state: 'cleared',
      perceivedSeverity: 'cleared',
      alarmClearedTime: '2026-11-29T12:30:00.000Z',
    });
  });

  it('what is reopened is a new alarm, since a cleared one stays cleared', () => {
    const reopened = noticeOf({ id: 't-9', state: 'reopened' });
    expect(parse(alarmCreation(reopened, exampleContext))).toMatchObject({
      externalAlarmId: 't-9',
      state: 'raised',
    });
  });
});

describe('to TMF656', () => {
  it('a problem is made, held, taken up again and resolved', () => {
    expect(parse(problemCreation(noticeOf(), exampleContext))).toMatchObject({
      category: 'system.originated',
      priority: 3,
      affectedNumberOfServices: 1900,
      externalIdentifier: [{ id: 'i-1', externalIdentifierType: 'incident', owner: 'signpost' }],
      affectedLocation: [{ id: 'area:Miami North', name: 'Miami North' }],
    });
    expect(parse(problemCreation(noticeOf(), exampleContext))).not.toHaveProperty('status');
    const statusOf = (state: Alert['state']) =>
      (parse(problemUpdate(noticeOf({ state }), exampleContext)) as { status?: string }).status;
    expect(states.map(statusOf)).toEqual([
      undefined,
      'acknowledged',
      'held',
      'inProgress',
      'resolved',
      undefined,
    ]);
    expect(parse(problemUpdate(noticeOf(resolvedAlert), exampleContext))).toMatchObject({
      resolutionDate: '2026-11-29T12:30:00.000Z',
    });
  });
});

describe('severity', () => {
  it('follows from the customers affected, or those who said so where nobody knows better', () => {
    const of = (alert: Partial<Alert>) =>
      severityOf({ ...exampleAlert, ...alert }, exampleContext.severity);
    expect(of({ estimatedAffected: 10_000 })).toBe('critical');
    expect(of({ estimatedAffected: 9999 })).toBe('major');
    expect(of({ estimatedAffected: 100 })).toBe('minor');
    expect(of({ estimatedAffected: 99 })).toBe('warning');
    expect(of({ estimatedAffected: null, customers: 150 })).toBe('minor');
  });
});

describe('a link', () => {
  it('stays below the address of the pages, whatever the id holds', () => {
    expect(linkTo('a/../b?c#d', 'https://s.example/x')).toBe(
      'https://s.example/x/alerts/a%2F..%2Fb%3Fc%23d',
    );
    expect(linkTo('a', undefined)).toBeUndefined();
  });
});

describe('plain text', () => {
  it.each([
    ['a\nb\tc', 'a b c'],
    ['\u001b[31mred\u0007', '[31mred'],
    ['x\u202egnp\u200by', 'x gnp y'],
    ['half \ud83d', 'half'],
  ])('%j is %j', (text, expected) => {
    expect(plainText(text, 100)).toBe(expected);
  });
  it('is cut between characters', () => {
    expect(plainText('ab😀cd', 4)).toBe('ab…');
  });
});
