// The addresses under /v1 that are asked: who asks, what, in which form; then the store, then the answer's bytes.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Notice, Place } from '../api/answers.ts';
import type { PortalConfig } from '../config.ts';
import { cursorSays, isCursor } from '../queries/pages.ts';
import type { Reader } from '../reader.ts';
import { csvOf } from './csv.ts';
import { schemaOf, unchecked, type Documented } from './documents.ts';
import { geojsonOf } from './geojson.ts';
import type { Turns } from './limits.ts';
import { formatFor, formatSays, formats, type Format } from './negotiate.ts';
import { parquetOf } from './parquet.ts';
import { checkDepartments, readQuestion } from './question.ts';
import { sendBody, type Body } from './send.ts';
import type { Table } from './table.ts';
import { asProblem } from './trouble.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null before it is known. */
    reader: Reader | null;
  }
}

export interface RouteParts {
  readonly config: PortalConfig;
  readonly turns: Turns;
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
}

/** Of an answer that is a page of a range. */
interface Paged {
  readonly range?: { readonly from: string; readonly to: string };
  readonly next?: string | null;
  readonly unplaced?: number | null;
  readonly notices?: readonly Notice[];
}

interface QuestionRoute<Q extends z.ZodObject, A extends object> extends Omit<
  Documented,
  'formats'
> {
  readonly url: string;
  readonly question: Q;
  /** @throws what `Queries` throw */
  readonly ask: (reader: Reader, question: z.output<Q>, id: string) => Promise<A>;
  /** The first part of the names of files, and what they are made of; absent for JSON alone. */
  readonly files?: readonly [name: string, makers: FileMakers<A>];
}
export type FileMakers<A> = Partial<Record<Exclude<Format, 'json'>, (answer: A) => Buffer>>;

export function addQuestion<Q extends z.ZodObject, A extends object>(
  app: FastifyInstance,
  parts: RouteParts,
  route: QuestionRoute<Q, A>,
): void {
  const [fileName = '', makers = {}] = route.files ?? [];
  const offered: readonly Format[] = ['json', ...(Object.keys(makers) as (keyof typeof makers)[])];
  app.route({
    method: 'GET',
    url: route.url,
    schema: schemaOf({ ...route, formats: offered }),
    validatorCompiler: unchecked,
    async handler(request, reply) {
      const reader = readerOf(request);
      const query = request.query as Readonly<Record<string, unknown>>;
      const question = readQuestion(route.question, query, {
        department: (names) => checkDepartments(names as string[], reader, parts.departments),
        cursor: (text) => (isCursor(text as string) ? undefined : cursorSays),
        format: (asked) => formatSays(offered, asked),
      });
      const format = formatFor(offered, query['format'], request.headers.accept);
      const { id = '' } = request.params as { readonly id?: string };
      const isGone = () => request.socket.destroyed;
      const answer = await answered(parts, () => route.ask(reader, question, id), isGone);
      linkNext(request, reply, answer);
      tellNotices(reply, answer);
      return sendBody(request, reply, bodyOf(answer, format, fileName, makers));
    },
  });
}

/** @throws Error where no hook has found out who asks: a bug. */
export function readerOf({ reader }: FastifyRequest): Reader {
  if (reader === null) throw new Error('A route of the query API is asked by nobody');
  return reader;
}

async function answered<A>(
  { turns, config }: RouteParts,
  ask: () => Promise<A>,
  isGone: () => boolean,
): Promise<A> {
  try {
    return await turns.take(ask, isGone);
  } catch (error) {
    throw asProblem(error, config);
  }
}

function bodyOf<A extends Paged>(
  answer: A,
  format: Format,
  name: string,
  makers: FileMakers<A>,
): Body {
  const { type } = formats[format];
  const make = format === 'json' ? undefined : makers[format];
  if (make === undefined) return { type, bytes: Buffer.from(JSON.stringify(answer)) };
  const { range } = answer;
  const days = range === undefined ? '' : `-${range.from.slice(0, 10)}-${range.to.slice(0, 10)}`;
  return {
    type,
    bytes: make(answer),
    fileName: format === 'geojson' ? undefined : `signpost-${name}${days}.${format}`,
    isPacked: format === 'parquet',
  };
}

/** Tables have no place for a cursor, so that every form tells it in a header (RFC 8288). */
function linkNext({ url }: FastifyRequest, reply: FastifyReply, { next }: Paged): void {
  if (typeof next !== 'string') return;
  const [path = '', query = ''] = url.split('?', 2);
  const params = new URLSearchParams(query);
  params.set('cursor', next);
  void reply.header('link', `<${path}?${params.toString()}>; rel="next"`);
}

/** Clients take 8 KiB of headers at least, all in all. */
const mostNoticeBytes = 4096;

/** Tables have no place for these either: as many as a header has room for. */
function tellNotices(reply: FastifyReply, { notices = [] }: Paged): void {
  let told = '';
  for (const { field, message } of notices) {
    const more = `${told}${told === '' ? '' : ','}${ascii(JSON.stringify({ field, message }))}`;
    if (more.length <= mostNoticeBytes) told = more;
  }
  if (told !== '') void reply.header('signpost-notices', `[${told}]`);
}

/** JSON as it was, in characters that a header carries. */
function ascii(json: string): string {
  return json.replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function csvAndParquet<A extends Paged, Row>(
  tableOf: (answer: A) => Table<Row>,
): { csv: (answer: A) => Buffer; parquet: (answer: A) => Buffer } {
  return {
    csv: (answer) => csvOf(tableOf(answer)),
    parquet: (answer) => {
      const { range, next, notices = [] } = answer;
      return parquetOf(tableOf(answer), {
        ...(range !== undefined && { 'signpost.from': range.from, 'signpost.to': range.to }),
        ...(typeof next === 'string' && { 'signpost.next': next }),
        ...(notices.length > 0 && { 'signpost.notices': JSON.stringify(notices) }),
      });
    },
  };
}

export function allForms<A extends Paged, Row extends { readonly place: Place | null }>(
  tableOf: (answer: A) => Table<Row>,
) {
  return {
    ...csvAndParquet(tableOf),
    geojson: (answer: A) => {
      const { range, next, unplaced, notices } = answer;
      return geojsonOf(tableOf(answer), { range, next, unplaced, notices });
    },
  };
}
