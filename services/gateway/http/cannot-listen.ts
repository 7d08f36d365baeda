// Why the server cannot listen where it was told to, and what to do about it.
import { SignpostError } from '#core/errors.ts';
import type { GatewayConfig } from '../config.ts';

/** @returns `port-in-use` or `cannot-listen` */
export function cannotListen(
  error: unknown,
  { host, port }: Pick<GatewayConfig, 'host' | 'port'>,
): SignpostError {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return new SignpostError('port-in-use', `Port ${port} on ${host} is in use.`, {
      cause: error,
      hint: 'Is Signpost running already? Otherwise choose another port.',
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const [why, hint] = refusals.get(code) ?? [code, 'Choose another gateway.host or another port.'];
  return new SignpostError(
    'cannot-listen',
    `Cannot listen on ${host}, port ${port}: ${why}${why === code ? '' : ` (${code})`}.`,
    { cause: error, hint },
  );
}

/** What the operating system's refusals mean, and what to do. */
const refusals: ReadonlyMap<string, readonly [why: string, hint: string]> = new Map([
  [
    'EADDRNOTAVAIL',
    [
      'this machine has no such address',
      'Set gateway.host to an address of this machine, 0.0.0.0 for all of them, or 127.0.0.1 for this machine alone.',
    ],
  ],
  [
    'ENOTFOUND',
    [
      'no address of that name is known',
      'Set gateway.host to an address of this machine, 0.0.0.0 for all of them, or 127.0.0.1 for this machine alone.',
    ],
  ],
  ['EACCES', ['this user may not', 'Choose a port from 1024 on, or run it with the right to.']],
]);
