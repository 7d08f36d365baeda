// The pages, as they were built: one document for all of their addresses, and its files. Nothing but what this server
// serves may be loaded or run by them.
import { access } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '#core/http/problem.ts';
import { encoder, encodingFor } from './encoding.ts';

/** First parts of the addresses that the pages know; what follows is theirs. */
const sections: ReadonlySet<string> = new Set(['', 'alerts', 'map', 'streams']);

/** https://www.w3.org/TR/CSP3/ */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** As the build names files: nothing that is encoded, hidden or leads elsewhere. */
const filePath = /^(?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)+$/;

const document = 'index.html';
const yearSeconds = 31_536_000;
const compressible =
  /^(?:text\/|application\/(?:javascript|json|manifest\+json|geo\+json)|image\/svg)/;

/** @param folder where the built pages are; they may come later */
export async function registerPages(app: FastifyInstance, folder: string): Promise<void> {
  const assets = join(folder, 'assets', sep);
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    dotfiles: 'ignore',
    index: false,
    cacheControl: false,
    suppressWarning: true,
    // Only of files that are there: what is missing today may come with the next build.
    setHeaders: (reply, path) =>
      void reply.headers({
        'content-security-policy': policy,
        // Names of assets hold a hash of their content: another content has another name.
        'cache-control': path.startsWith(assets)
          ? `public, max-age=${yearSeconds}, immutable`
          : 'no-cache',
      }),
  });
  app.addHook('onSend', async (request, reply, payload) => compressed(request, reply, payload));
  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    const path = request.url.split('?', 1)[0]!.slice(1);
    if (filePath.test(path) && !sections.has(path)) return reply.sendFile(path);
    const isKnown = sections.has(path.split('/', 1)[0]!);
    if (!isKnown && !isVisit(request, path)) return reply.callNotFound();
    await checkBuilt(folder);
    // The pages say so themselves, with a way back.
    return reply.code(isKnown ? 200 : 404).sendFile(document);
  });
}

/** Whether somebody went there with a browser; what asks for data is answered by an error in JSON. */
function isVisit({ headers }: FastifyRequest, path: string): boolean {
  const takesHtml = /\btext\/html\b/i.test(headers.accept ?? '');
  return takesHtml && /^(?!v1\/)[\w/-]+$/.test(path);
}

async function checkBuilt(folder: string): Promise<void> {
  try {
    await access(join(folder, document));
  } catch (cause) {
    throw new Problem(
      503,
      'pages-not-built',
      'The pages are not built yet: `npm run build:pages` builds them.',
      {
        hint: 'The query API under /v1 answers without them; GET /openapi.json describes it.',
        cause,
      },
    );
  }
}

function compressed(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  const encoding = encodingFor(request.headers['accept-encoding']);
  const type = String(reply.getHeader('content-type') ?? '');
  if (reply.statusCode !== 200 || !(payload instanceof Readable) || !compressible.test(type)) {
    return payload;
  }
  void reply.header('vary', 'Accept-Encoding');
  if (encoding === undefined) return payload;
  void reply.header('content-encoding', encoding).removeHeader('content-length');
  // A part of a file cannot be told from the whole of another encoding.
  void reply.removeHeader('accept-ranges');
  return payload.pipe(encoder(encoding));
}
