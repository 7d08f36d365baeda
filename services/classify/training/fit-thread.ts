// A thread of `fit-threads.ts`: one fit, handed back whole.
import { parentPort, workerData } from 'node:worker_threads';
import { fit, say } from './fit.ts';
import type { FitTask } from './fit-threads.ts';

const { problem, texts, others } = workerData as FitTask;
const fitted = fit(problem, texts);
parentPort!.postMessage(others === null ? fitted : say(problem, fitted, others));
