// What clients and the thread of a PGlite say to each other, and errors as data so that they cross threads.
import type { MessagePort } from 'node:worker_threads';
import { SignpostError } from '../errors.ts';
import type { Answer } from './pglite.ts';

/** A client numbers its turns, and its statements within all of them. Statements come only in a turn that was given. */
export type ToStore =
  | { readonly kind: 'begin'; readonly turn: number }
  | {
      readonly kind: 'query';
      readonly turn: number;
      readonly id: number;
      readonly text: string;
      readonly values: readonly unknown[];
    }
  | { readonly kind: 'end'; readonly turn: number };

export type FromStore =
  | { readonly kind: 'given'; readonly turn: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'error'; readonly id: number; readonly error: StoreErrorData };

/** Orders of the thread's owner, and its news. */
export type ToStoreThread =
  | { readonly kind: 'serve'; readonly port: MessagePort }
  | { readonly kind: 'close' };

export type StoreThreadNews =
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: StoreErrorData };

export interface StoreErrorData {
  readonly signpost: boolean;
  readonly message: string;
  /** SQLSTATE, or a code of Signpost's. */
  readonly code?: string;
  readonly severity?: string;
  readonly hint?: string;
  readonly detail?: string;
  readonly constraint?: string;
  readonly cause?: string;
}

const told = ['code', 'severity', 'hint', 'detail', 'constraint'] as const;

export function storeErrorToData(error: unknown): StoreErrorData {
  if (!(error instanceof Error)) return { signpost: false, message: String(error) };
  const fields = told.flatMap((name): [string, string][] => {
    const value = (error as unknown as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return {
    ...(Object.fromEntries(fields) as Partial<StoreErrorData>),
    signpost: error instanceof SignpostError,
    message: error.message,
    ...(error.cause instanceof Error ? { cause: error.cause.message } : {}),
  };
}

/** The error again, thrown where the client is; of what the database answered with the fields it answered. */
export function storeErrorFromData(data: StoreErrorData): Error {
  const { signpost, message, hint, cause, ...fields } = data;
  if (signpost) {
    return new SignpostError(fields.code ?? 'store-unavailable', message, {
      ...(hint === undefined ? {} : { hint }),
      ...(cause === undefined ? {} : { cause: new Error(cause) }),
    });
  }
  return Object.assign(new Error(message), fields, hint === undefined ? {} : { hint });
}
