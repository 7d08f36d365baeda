// Which addresses only this machine can reach, and the Host check against DNS rebinding.
import { Problem } from './problem.ts';

/** Whether only this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * A web page can have its own name resolve to 127.0.0.1 and talk to us from a visitor's browser; its Host header then
 * tells.
 * @param host the request's Host header
 * @param listening the address listened on
 * @throws Problem 421.
 */
export function checkHost(host: string | undefined, listening: string): void {
  if (!isLoopback(listening)) return;
  const name = (host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
  if (name === 'localhost' || name === '127.0.0.1' || name === '[::1]' || name === listening)
    return;
  throw new Problem(421, 'host-not-allowed', 'This server answers to localhost alone.', {
    hint: 'To be reached under another name it must listen on another address: set gateway.host.',
  });
}
