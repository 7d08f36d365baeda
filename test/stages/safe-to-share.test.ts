// What leaves normalize: personal data comes out of no field, whichever field of whichever record it was put into.
import { describe, expect, it } from 'vitest';
import type { Topic } from '#core/topic.ts';
import type { Place } from '#schemas/shared.ts';
import type { Signal } from '#schemas/signal.ts';
import { createNormalizer } from '../../services/normalize/draft.ts';
import { createLocate } from '../../services/normalize/gazetteer.ts';
import { createPseudonymizer } from '../../services/normalize/pseudonym.ts';
import { createRedactor } from '../../services/normalize/redact.ts';
import { createNormalize } from '../../services/normalize/stage.ts';
import { postsPublished, surveysAnswered, ticketsReported } from '../../services/topology.ts';
import { driveTransform } from '../support/drive-transform.ts';
import { aPost, aTicket, anAnswer, noPlace } from '../support/intake.ts';

/** Not free text: the operator names the source, and the others are enumerations of the schema. */
const exceptions = new Set(['source', 'timePrecision', 'authorRole', 'status', 'scale']);

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const place = {
  ...noPlace,
  country: 'x',
  region: 'x',
  city: 'x',
  area: 'x',
  postcode: 'x',
  h3: 'x',
  site: 'x',
};
const said = {
  version: 'x',
  channel: 'x',
  product: 'x',
  technology: 'x',
  language: 'x',
  place,
  attributes: { x: 'x' },
};

const full = [
  {
    topic: ticketsReported,
    record: aTicket({
      ...said,
      name: 'x',
      description: 'x',
      ticketType: 'x',
      severity: 'x',
      priority: 'x',
      status: 'held',
      statusChangeReason: 'x',
      createdAt: 1,
      resolvedAt: 1,
      expectedResolutionAt: 1,
      customerId: 'x',
      notes: [{ id: 'x', at: 1, author: 'x', text: 'x' }],
    }),
  },
  {
    topic: postsPublished,
    record: aPost({ ...said, authorId: 'x', title: 'x', text: 'x', inReplyTo: 'x', threadId: 'x' }),
  },
  {
    topic: surveysAnswered,
    record: anAnswer({
      ...said,
      customerId: 'x',
      scale: 'nps',
      score: 1,
      question: 'x',
      verbatim: 'x',
    }),
  },
] as const;

/** The record once per string in it, with `planted` there; names of maps are strings too. */
function* plantings(value: Json, planted: string, path = ''): Generator<[string, Json]> {
  if (typeof value === 'string') yield [path, planted];
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    for (const [index, item] of items.entries())
      for (const [where, next] of plantings(item, planted, `${path}[]`))
        yield [where, items.with(index, next)];
  } else if (typeof value === 'object' && value !== null) {
    const fields = value as { readonly [name: string]: Json };
    for (const [name, item] of Object.entries(fields)) {
      if (exceptions.has(name)) continue;
      const at = path === '' ? name : `${path}.${name}`;
      for (const [where, next] of plantings(item, planted, at))
        yield [where, { ...fields, [name]: next }];
    }
    if (path === 'attributes') yield [`${path} (name)`, { [planted]: 'x' }];
  }
}

const mails = [
  'jo.doe@example.com',
  'about jo.doe@example.com, urgent',
  'jo.doe (at) example (dot) com',
];

describe.each(full)('an e-mail address in a record of $topic.name', ({ topic, record }) => {
  const cases = mails.flatMap((mail) => [...plantings(record as unknown as Json, mail)]);

  it('is put into every string', () => {
    const walked = new Set(cases.map(([where]) => where));
    expect(walked).toContain('id');
    expect(walked).toContain('place.site');
    expect(walked).toContain('attributes (name)');
    expect(Object.values(record)).not.toContain('');
  });

  it.each(cases)('comes out nowhere when it stands in %s', async (_where, planted) => {
    const driver = driveTransform(
      createNormalize(
        createNormalizer({
          redact: createRedactor({ region: 'US' }),
          pseudonym: createPseudonymizer([{ id: 'k1', secret: Buffer.alloc(32, 7) }]),
          language: () => null,
          locate: createLocate([]),
        }),
      ),
    );
    const { emitted } = await driver.send(topic as unknown as Topic<never>, planted as never);
    expect(emitted).toHaveLength(1);
    expect(JSON.stringify(emitted)).not.toMatch(/jo\.doe|example/);
  });
});

describe('a place', () => {
  const entry = {
    country: null,
    region: null,
    city: 'St. Ann 0155',
    area: 'Dr. King Heights',
    postcode: null,
    lat: null,
    lon: null,
    subscribers: null,
    technology: 'fibre 2125550123',
  };
  const placeOf = async (given: Partial<Place>) => {
    const driver = driveTransform(
      createNormalize(
        createNormalizer({
          redact: createRedactor({ region: 'US' }),
          pseudonym: createPseudonymizer([{ id: 'k1', secret: Buffer.alloc(32, 7) }]),
          language: () => null,
          locate: createLocate([entry]),
        }),
      ),
    );
    const { emitted } = await driver.send(
      postsPublished as unknown as Topic<never>,
      aPost({ place: { ...noPlace, ...given } }),
    );
    const signal = emitted[0]!.record as Signal;
    return { area: signal.place.area, city: signal.place.city, technology: signal.technology };
  };

  it('of the gazetteer is found by what the source gave and goes out as it is, though it reads like a person', async () => {
    expect(await placeOf({ area: 'dr.  king heights ' })).toEqual({
      area: 'Dr. King Heights',
      city: 'St. Ann 0155',
      technology: 'fibre 2125550123',
    });
  });

  it('that no gazetteer knows is redacted', async () => {
    expect(await placeOf({ area: 'Dr. King, call 212-555-0123' })).toMatchObject({
      area: 'Dr. [name], call [phone]',
      city: null,
    });
  });

  it('of the gazetteer does not vouch for what else the source wrote', async () => {
    expect(await placeOf({ area: 'Dr. King Heights', city: 'mail jo@example.com' })).toMatchObject({
      area: 'Dr. King Heights',
      city: 'mail [email]',
    });
  });
});
