// A server that speaks enough S3 for a store to be opened, and does not look at conditions that it was not told of.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Honoured {
  readonly ifMatch?: boolean;
  readonly ifNoneMatch?: boolean;
  readonly completion?: boolean;
  readonly metadata?: boolean;
}

export interface IgnorantS3 {
  readonly endpoint: string;
  close(): Promise<void>;
}

export async function startIgnorantS3(honoured: Honoured): Promise<IgnorantS3> {
  const objects = new Map<string, { readonly etag: string; readonly id: string }>();
  const holds = (path: string, { headers }: IncomingMessage): boolean =>
    !(honoured.ifNoneMatch && headers['if-none-match'] === '*' && objects.has(path)) &&
    !(honoured.ifMatch && headers['if-match'] && headers['if-match'] !== objects.get(path)?.etag);
  const server = createServer((from, to) => {
    const hash = createHash('md5');
    from.on('data', (chunk: Buffer) => void hash.update(chunk));
    from.on('end', () => {
      const { pathname, searchParams } = new URL(from.url!, 'http://s3');
      const there = objects.get(pathname);
      const said = `${from.method}${searchParams.has('uploadId') ? ' part' : ''}`;
      if (said === 'PUT' && holds(pathname, from)) {
        const id = honoured.metadata ? String(from.headers['x-amz-meta-signpost-write']) : '';
        const etag = `"${hash.digest('hex')}"`;
        objects.set(pathname, { etag, id });
        to.setHeader('etag', etag).end();
      } else if (said === 'PUT part') {
        to.setHeader('etag', '"part"').end();
      } else if (said === 'POST' && searchParams.has('uploads')) {
        to.end(
          `<InitiateMultipartUploadResult><UploadId>${randomUUID()}</UploadId></InitiateMultipartUploadResult>`,
        );
      } else if (said === 'POST part' && !(honoured.completion && there)) {
        to.end('<CompleteMultipartUploadResult><ETag>"x-1"</ETag></CompleteMultipartUploadResult>');
      } else if (said === 'POST') {
        to.end('<DeleteResult></DeleteResult>');
      } else if (said === 'HEAD' && there) {
        to.setHeader('etag', there.etag).setHeader('last-modified', new Date().toUTCString());
        to.setHeader('x-amz-meta-signpost-write', there.id).end();
      } else if (said === 'GET') {
        to.end('<ListBucketResult></ListBucketResult>');
      } else {
        to.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
      }
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
