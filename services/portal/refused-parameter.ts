// A parameter that is well formed and still cannot be answered: a made-up cursor, levels that exclude each other.
import { SignpostError } from '#core/errors.ts';

/** Thrown by queries for what only they can check; HTTP answers it as it answers a malformed parameter. */
export class RefusedParameter extends SignpostError {
  /** As in the address: `cursor`. */
  readonly parameter: string;

  /** @param allowed a clause that follows the parameter's name: `must be …` */
  constructor(parameter: string, allowed: string) {
    super('parameter-refused', `${parameter} ${allowed}`);
    this.parameter = parameter;
  }
}
