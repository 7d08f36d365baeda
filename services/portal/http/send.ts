// How an answer goes out: with a tag of its content, so that what has not changed is not sent again, and compressed.
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encoded, encodingFor, worthBytes } from './encoding.ts';

export interface Body {
  readonly bytes: Buffer;
  /** Content type. */
  readonly type: string;
  /** Under which name it is saved; undefined for what is shown. */
  readonly fileName?: string | undefined;
  /** Whether it is compressed in itself. */
  readonly isPacked?: boolean;
}

/** 200 with the body, or 304. Each way of encoding has a strong tag of its own (RFC 9110, section 8.8.3.3). */
export async function sendBody(
  request: FastifyRequest,
  reply: FastifyReply,
  { bytes, type, fileName, isPacked = false }: Body,
): Promise<FastifyReply> {
  const hash = createHash('sha256')
    .update(type)
    .update('\0')
    .update(bytes)
    .digest('base64url')
    .slice(0, 27);
  const encoding =
    isPacked || bytes.length < worthBytes
      ? undefined
      : encodingFor(request.headers['accept-encoding']);
  const tag = `"${hash}${encoding === undefined ? '' : `-${encoding}`}"`;
  void reply.headers({
    etag: tag,
    'cache-control': 'private, no-cache',
    vary: 'Accept, Accept-Encoding, Authorization, Cookie, X-API-Key',
  });
  if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send();
  void reply.type(type);
  if (fileName !== undefined) {
    void reply.header('content-disposition', `attachment; filename="${fileName}"`);
  }
  if (encoding === undefined) return reply.send(bytes);
  return reply.header('content-encoding', encoding).send(await encoded(bytes, encoding));
}

/** If-None-Match compares weakly: proxies that compress turn strong tags into weak ones. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => {
    const trimmed = one.trim();
    return trimmed === '*' || trimmed.replace(/^W\//, '') === tag;
  });
}
