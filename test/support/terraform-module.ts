// A Terraform module as its own language reads it, for some variables: what would be made, and which variables it refuses.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { root } from './command.ts';
import { builtProgram } from './go-program.ts';

/** Attributes by name; nested blocks as a list by type. */
export type Body = Readonly<Record<string, unknown>>;

export interface TerraformModule {
  readonly files: readonly string[];
  readonly variables: readonly {
    readonly name: string;
    readonly description: string;
    readonly required: boolean;
    readonly validations: number;
  }[];
  /** What validations say against the variables given, by variable. */
  readonly refusals: Readonly<Record<string, readonly string[]>>;
  readonly blocks: readonly {
    readonly type: string;
    readonly labels: readonly string[] | null;
    readonly body: Body;
  }[];
}

/** @throws what its parser says of a file it cannot read. */
export async function readTerraform(
  folder: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<TerraformModule> {
  const program = await builtProgram(
    join(root, 'test/support/terraform'),
    "Terraform's files are read by its own parser, which is written in Go.",
  );
  const child = spawn(program, [join(root, folder)], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(variables));
  const [out, trouble] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (trouble !== '') throw new Error(trouble);
  return JSON.parse(out) as TerraformModule;
}

/** The only resource of its kind. */
export function resourceOf({ blocks }: TerraformModule, kind: string): Body {
  const [found, ...more] = blocks.filter(
    ({ type, labels }) => type === 'resource' && labels?.[0] === kind,
  );
  if (found === undefined || more.length > 0) throw new Error(`There is not one ${kind}`);
  return found.body;
}
