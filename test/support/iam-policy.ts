// What a policy lets its holder do with S3, as AWS decides: a deny goes before every allow, and what none allows is denied.
import { z } from 'zod';
import type { TerraformModule } from './terraform-module.ts';

const statement = z.object({
  sid: z.string(),
  effect: z.enum(['Allow', 'Deny']).default('Allow'),
  actions: z.array(z.string()),
  resources: z.array(z.string()),
  condition: z
    .array(z.object({ test: z.string(), variable: z.string(), values: z.array(z.string()) }))
    .default([]),
});
export type Statement = z.output<typeof statement>;

const document = z.object({
  statement: z.array(statement),
  source_policy_documents: z.array(z.string()).default([]),
});

/** Statements of a module's policy document, with those of the documents that it takes in. */
export function statementsOf(module: TerraformModule, name: string): Statement[] {
  const found = module.blocks.find(
    ({ type, labels }) =>
      type === 'data' && labels?.[0] === 'aws_iam_policy_document' && labels[1] === name,
  );
  if (found === undefined) throw new Error(`There is no policy document ${name}`);
  const { statement: own, source_policy_documents: sources } = document.parse(found.body);
  const taken = sources.flatMap((each) => statementsOf(module, each.split('.')[2]!));
  return [...taken, ...own];
}

/** @param prefix what a listing asks for */
export function isAllowed(
  statements: readonly Statement[],
  action: string,
  resource: string,
  prefix = '',
): boolean {
  const applying = statements.filter(
    ({ actions, resources, condition }) =>
      actions.some((each) => isLike(action, each)) &&
      resources.some((each) => isLike(resource, each)) &&
      condition.every(({ test, variable, values }) => {
        if (test !== 'StringLike' || variable !== 's3:prefix')
          throw new Error(`Not known here: ${test} of ${variable}`);
        return values.some((each) => isLike(prefix, each));
      }),
  );
  return applying.length > 0 && applying.every(({ effect }) => effect === 'Allow');
}

/** `*` stands for any text. */
function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[^\w/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}
