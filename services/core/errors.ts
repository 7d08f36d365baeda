// Operational errors: something outside is wrong and a person can mend it. Bugs throw ordinary errors instead.

/** An error a user can act on: `message` says what and where, `hint` what to do, `code` is for machines. */
export class SignpostError extends Error {
  override readonly name = 'SignpostError';
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint;
  }
}
