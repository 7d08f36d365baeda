// A second model to change over to: the shipped one by another name, so that it judges alike and says so.
import { readFileSync } from 'node:fs';
import { decodeModel, encodeModel } from '../../services/classify/artifact.ts';
import { loadModel, loadShippedModel, shippedModelFile } from '../../services/classify/model.ts';

export const shippedBytes = readFileSync(shippedModelFile);
export const shippedVersion = loadShippedModel().version;

/** The bytes of a model named `name`. */
export function otherModel(name = 'other'): {
  readonly bytes: Uint8Array;
  readonly version: string;
} {
  const bytes = encodeModel({ ...decodeModel(shippedBytes), name });
  return { bytes, version: loadModel(bytes).version };
}
