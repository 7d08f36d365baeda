// Names of sources, which keys are bound to.

const sourceName = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Whether `name` may name a source: kebab-case, at most 64 characters. */
export function isSourceName(name: string): boolean {
  return name.length <= 64 && sourceName.test(name);
}
