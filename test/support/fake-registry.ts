// A schema registry in memory that speaks the documented API of Confluent's, with ids of its own: for tests of what
// talks to one. It compares schemas by their text, as Confluent's does; compatibility is refused where a test says so.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRegistry {
  readonly url: string;
  /** Schema text by id. */
  readonly schemas: ReadonlyMap<number, string>;
  /** Ids by subject, in the order of versions. */
  readonly subjects: ReadonlyMap<string, number[]>;
  /** `METHOD path` of every request. */
  readonly requests: readonly string[];
  /** Values of Authorization headers, undefined where there was none. */
  readonly authorizations: readonly (string | undefined)[];
  /** Registers as another client would. */
  add(subject: string, schema: string): number;
  /** The next `count` requests are answered with this instead. */
  answerNext(count: number, status: number, body?: unknown): void;
  /** Registering under this subject is refused with 409 and these words. */
  refuse(subject: string, message: string): void;
  /** Asks for a user and password from now on. */
  protect(username: string, password: string): void;
  /** A schema has the same id in every subject, as with Confluent; otherwise one each, as some configurations of Apicurio. */
  idsPerSubject: boolean;
  close(): Promise<void>;
}

/** @param firstId ids are counted from here on */
export async function startFakeRegistry(firstId = 100): Promise<FakeRegistry> {
  const schemas = new Map<number, string>();
  const subjects = new Map<string, number[]>();
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const refusals = new Map<string, string>();
  const planned: { status: number; body: unknown }[] = [];
  let nextId = firstId;
  let expected: string | undefined;

  const add = (subject: string, schema: string): number => {
    const same = [...schemas].find(([, text]) => text === schema)?.[0];
    const id = same === undefined || registry.idsPerSubject ? (nextId += 7) : same;
    schemas.set(id, schema);
    const ids = subjects.get(subject) ?? [];
    subjects.set(subject, [...ids, id]);
    return id;
  };

  const answer = (method: string, path: string, body: string): [number, unknown] => {
    const error = (code: number, message: string): [number, unknown] => [
      Number(String(code).slice(0, 3)),
      { error_code: code, message },
    ];
    const [first, name = '', third] = path.split('/').slice(1).map(decodeURIComponent);
    if (method === 'GET' && first === 'schemas') {
      const schema = schemas.get(Number(third));
      return schema === undefined ? error(40403, `Schema ${third} not found`) : [200, { schema }];
    }
    if (method === 'GET' && first === 'subjects' && name === '') return [200, [...subjects.keys()]];
    if (method !== 'POST' || first !== 'subjects') return error(404, 'HTTP 404 Not Found');
    const { schema } = JSON.parse(body) as { schema: string };
    const ids = subjects.get(name);
    const id = ids?.find((each) => schemas.get(each) === schema);
    if (third === 'versions') {
      const why = refusals.get(name);
      if (why !== undefined) return [409, { error_code: 409, message: why }];
      return [200, { id: id ?? add(name, schema) }];
    }
    if (ids === undefined) return error(40401, `Subject '${name}' not found.`);
    if (id === undefined) return error(40403, 'Schema not found');
    return [200, { subject: name, id, version: ids.indexOf(id) + 1, schema }];
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const { method = '', url = '', headers } = request;
    requests.push(`${method} ${url}`);
    authorizations.push(headers.authorization);
    const plan = planned.shift();
    const [status, value] =
      plan !== undefined
        ? [plan.status, plan.body]
        : expected !== undefined && headers.authorization !== expected
          ? [401, { error_code: 401, message: 'Unauthorized' }]
          : answer(method, url, body);
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(JSON.stringify(value));
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });

  const registry: FakeRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    schemas,
    subjects,
    requests,
    authorizations,
    add,
    answerNext(count, status, body = { error_code: 50001, message: 'Error in the backend' }) {
      planned.push(...Array.from({ length: count }, () => ({ status, body })));
    },
    refuse: (subject, message) => void refusals.set(subject, message),
    protect(username, password) {
      expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    },
    idsPerSubject: false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return registry;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
