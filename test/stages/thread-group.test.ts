// Threads of the pipeline: one that ends unasked is told of, and stopping waits for all, whatever befalls one.
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { superviseThreads } from '../../services/cli/thread-group.ts';

const obedient = `
  const { parentPort } = require('node:worker_threads');
  parentPort.once('message', () => parentPort.close());`;
const failsOnStop = `
  const { parentPort } = require('node:worker_threads');
  parentPort.once('message', () => { throw new Error('broke while stopping'); });`;
const slow = `
  const { parentPort } = require('node:worker_threads');
  parentPort.once('message', () => setTimeout(() => parentPort.close(), 100));`;

const start = (code: string): Worker => new Worker(code, { eval: true, execArgv: [] });

test('threads that end when told to have not failed', async () => {
  const threads = superviseThreads([start(obedient), start(obedient)]);
  let failed = false;
  threads.failed.catch(() => (failed = true));
  await threads.stop('stop');
  expect(failed).toBe(false);
});

test('a thread that ends in order but unasked has failed', async () => {
  const threads = superviseThreads([start(''), start(obedient)]);
  await expect(threads.failed).rejects.toThrow('before it was told to, with exit code 0');
  await threads.stop('stop');
});

test('a thread that fails tells why, once', async () => {
  const threads = superviseThreads([start("throw new Error('broke')"), start(obedient)]);
  await expect(threads.failed).rejects.toThrow('broke');
  await threads.stop('stop');
});

test('a failure while stopping is told after every thread has ended', async () => {
  const last = start(slow);
  const threads = superviseThreads([start(failsOnStop), last]);
  await expect(threads.stop('stop')).rejects.toThrow('broke while stopping');
  expect(last.threadId).toBe(-1);
});
