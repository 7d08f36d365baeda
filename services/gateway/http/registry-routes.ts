// The read half of the Confluent Schema Registry API, so that consumers need no further server: schemas by id, versions
// by subject. Nothing can be registered here; schemas are part of a release. They are no secret, so no key is asked for.
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Problem } from '#core/http/problem.ts';
import { canonicalText, mostSchemaText, parseShape } from '#core/registry/avro-shape.ts';
import { subjectOf, type RegisteredTopic } from '#core/registry/register.ts';
import type { SchemaSource } from '#core/registry/schema-source.ts';
import { shippedSchemas, type ShippedSchema } from '#core/registry/shipped.ts';

export interface RegistryParts {
  /** Each has a subject `<name>-value`. */
  readonly topics: readonly RegisteredTopic[];
  /** Schemas that other releases wrote with, for ids that this one does not know. */
  readonly source?: SchemaSource;
}

/** Status and error code as the API has them. */
class RegistryProblem extends Error {
  readonly status: number;
  readonly errorCode: number;

  constructor(status: number, errorCode: number, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

const mediaType = 'application/vnd.schemaregistry.v1+json';
const bodyTypes = [mediaType, 'application/vnd.schemaregistry+json', 'application/json'];
const hidden = { schema: { hide: true } };

interface SubjectVersion {
  readonly subject: string;
  readonly id: number;
  readonly version: number;
  readonly schema: string;
}

export async function registerRegistry(app: FastifyInstance, parts: RegistryParts): Promise<void> {
  // A scope of its own: other bodies and other errors than those of the intake.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      bodyTypes,
      { parseAs: 'string', bodyLimit: 2 * mostSchemaText },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler<Error>((error, _request, reply) => {
      // What is refused before it comes here (a foreign Host) is refused as everywhere.
      if (error instanceof Problem) throw error;
      const { status, errorCode, message } = problemOf(error);
      return answer(reply.code(status), { error_code: errorCode, message });
    });
    addReads(scope, parts);
    addRefusals(scope);
  });
}

function addReads(scope: FastifyInstance, { topics, source }: RegistryParts): void {
  const subjects = new Map<string, readonly SubjectVersion[]>(
    topics.map(({ name, recordName }) => [subjectOf(name), versionsOf(name, recordName)]),
  );
  const schemaOf = async (text: string): Promise<string> => {
    const id = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
    if (id === undefined) throw new RegistryProblem(404, 404, 'HTTP 404 Not Found');
    const schema =
      shippedSchemas().find((shipped) => shipped.id === id)?.text ??
      (await source?.find([id]))?.get(id);
    if (schema === undefined) throw new RegistryProblem(404, 40403, `Schema ${id} not found`);
    return schema;
  };
  const usesOf = (text: string): SubjectVersion[] =>
    [...subjects.values()].flat().filter(({ id }) => id === Number(text));
  const subjectVersions = (subject: string): readonly SubjectVersion[] => {
    const versions = subjects.get(subject);
    if (versions === undefined) {
      throw new RegistryProblem(404, 40401, `Subject '${subject}' not found.`);
    }
    return versions;
  };
  const versionOf = (subject: string, text: string): SubjectVersion => {
    const versions = subjectVersions(subject);
    if (text === 'latest' || text === '-1') return versions.at(-1)!;
    if (!/^[1-9]\d{0,8}$/.test(text)) {
      throw new RegistryProblem(
        422,
        42202,
        `The specified version '${text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
      );
    }
    const found = versions.find(({ version }) => version === Number(text));
    if (found === undefined) throw new RegistryProblem(404, 40402, `Version ${text} not found.`);
    return found;
  };

  interface ById {
    readonly Params: { readonly id: string };
  }
  interface BySubject {
    readonly Params: { readonly subject: string };
  }
  interface ByVersion {
    readonly Params: { readonly subject: string; readonly version: string };
  }
  scope.get('/schemas/types', hidden, (_request, reply) => answer(reply, ['AVRO']));
  scope.get<ById>('/schemas/ids/:id', hidden, async ({ params }, reply) =>
    answer(reply, { schema: await schemaOf(params.id) }),
  );
  scope.get<ById>('/schemas/ids/:id/schema', hidden, async ({ params }, reply) =>
    raw(reply, await schemaOf(params.id)),
  );
  scope.get<ById>('/schemas/ids/:id/subjects', hidden, async ({ params }, reply) => {
    await schemaOf(params.id);
    return answer(
      reply,
      usesOf(params.id).map(({ subject }) => subject),
    );
  });
  scope.get<ById>('/schemas/ids/:id/versions', hidden, async ({ params }, reply) => {
    await schemaOf(params.id);
    return answer(
      reply,
      usesOf(params.id).map(({ subject, version }) => ({ subject, version })),
    );
  });
  scope.get<{ readonly Querystring: { readonly subjectPrefix?: unknown } }>(
    '/subjects',
    hidden,
    ({ query: { subjectPrefix: prefix } }, reply) =>
      answer(
        reply,
        [...subjects.keys()].filter(
          (name) => typeof prefix !== 'string' || name.startsWith(prefix),
        ),
      ),
  );
  scope.get<BySubject>('/subjects/:subject/versions', hidden, ({ params }, reply) =>
    answer(
      reply,
      subjectVersions(params.subject).map(({ version }) => version),
    ),
  );
  scope.get<ByVersion>('/subjects/:subject/versions/:version', hidden, ({ params }, reply) =>
    answer(reply, versionOf(params.subject, params.version)),
  );
  scope.get<ByVersion>('/subjects/:subject/versions/:version/schema', hidden, (request, reply) =>
    raw(reply, versionOf(request.params.subject, request.params.version).schema),
  );
  scope.get<ByVersion>(
    '/subjects/:subject/versions/:version/referencedby',
    hidden,
    ({ params }, reply) => {
      versionOf(params.subject, params.version);
      return answer(reply, []);
    },
  );
  scope.post<BySubject>('/subjects/:subject', hidden, ({ params, body }, reply) => {
    const versions = subjectVersions(params.subject);
    const found = matching(versions, body);
    if (found === undefined) throw new RegistryProblem(404, 40403, 'Schema not found');
    return answer(reply, found);
  });
  // Serializers that register by default ask for an id this way; for a schema that is there it needs no writing.
  scope.post<BySubject>('/subjects/:subject/versions', hidden, ({ params, body }, reply) => {
    const found = matching(subjects.get(params.subject) ?? [], body);
    if (found === undefined) throw readOnly(params.subject);
    return answer(reply, { id: found.id });
  });
  for (const path of ['/config', '/config/:subject']) {
    scope.get(path, hidden, (_request, reply) =>
      answer(reply, { compatibilityLevel: 'FULL_TRANSITIVE' }),
    );
  }
  for (const path of ['/mode', '/mode/:subject']) {
    scope.get(path, hidden, (_request, reply) => answer(reply, { mode: 'READONLY' }));
  }
}

/** What would change something. */
function addRefusals(scope: FastifyInstance): void {
  const refused: readonly (readonly [method: 'PUT' | 'DELETE', path: string])[] = [
    ['DELETE', '/subjects/:subject'],
    ['DELETE', '/subjects/:subject/versions/:version'],
    ['PUT', '/config'],
    ['PUT', '/config/:subject'],
    ['DELETE', '/config/:subject'],
    ['PUT', '/mode'],
    ['PUT', '/mode/:subject'],
    ['DELETE', '/mode/:subject'],
  ];
  for (const [method, url] of refused) {
    scope.route({
      method,
      url,
      ...hidden,
      handler: () => {
        throw readOnly('');
      },
    });
  }
}

function readOnly(subject: string): RegistryProblem {
  const what = subject === '' ? 'This registry' : `Subject ${subject}`;
  return new RegistryProblem(
    422,
    42205,
    `${what} is in read-only mode: schemas are part of a release of Signpost and cannot be registered here`,
  );
}

function versionsOf(topic: string, recordName: string): readonly SubjectVersion[] {
  return shippedSchemas()
    .filter((schema) => schema.recordName === recordName)
    .map(({ id, version, text }) => ({ subject: subjectOf(topic), id, version, schema: text }));
}

/** The version whose schema the body names, docs and spelling apart. */
function matching(versions: readonly SubjectVersion[], body: unknown): SubjectVersion | undefined {
  const canonical = canonicalOf(schemaIn(body));
  const ids = shippedSchemas().filter((schema: ShippedSchema) => schema.canonical === canonical);
  return versions.findLast(({ id }) => ids.some((schema) => schema.id === id));
}

function schemaIn(body: unknown): string {
  let request: unknown;
  try {
    request = JSON.parse(String(body));
  } catch {
    throw new RegistryProblem(400, 400, 'The body is not JSON.');
  }
  const { schema, schemaType = 'AVRO' } = (request ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof schema !== 'string') throw new RegistryProblem(422, 42201, 'Empty schema');
  if (schemaType !== 'AVRO') {
    throw new RegistryProblem(422, 42201, `Invalid schema type ${String(schemaType)}`);
  }
  return schema;
}

/** Undefined for a schema that is none of Signpost's whatever it says. @throws RegistryProblem when it is no JSON. */
function canonicalOf(schema: string): string | undefined {
  try {
    return canonicalText(parseShape(schema));
  } catch (error) {
    if (error instanceof SyntaxError) throw new RegistryProblem(422, 42201, 'Invalid Avro schema');
    return undefined;
  }
}

function problemOf(error: Error): RegistryProblem {
  if (error instanceof RegistryProblem) return error;
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) {
    return new RegistryProblem(status, status, 'The request cannot be read.');
  }
  return new RegistryProblem(500, 50001, 'The schemas cannot be read at present.');
}

function answer(reply: FastifyReply, body: unknown): FastifyReply {
  return raw(reply, JSON.stringify(body));
}

function raw(reply: FastifyReply, text: string): FastifyReply {
  // As bytes: to text a charset would be added, which the type does not have.
  return reply.header('content-type', mediaType).send(Buffer.from(text));
}
