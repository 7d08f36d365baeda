// `signpost topics acls`: the access rights of a deployment as commands of Kafka's own tool.
import { SignpostError } from '#core/errors.ts';
import type { AclsOptions } from '../commands/topics.ts';
import { readConfig } from '../config.ts';
import { departmentsOf } from '../judgement.ts';
import { createOutput } from '../output.ts';
import { safeText } from '../safe-text.ts';
import { aclScript } from './acl-script.ts';
import { aclRules } from './acls.ts';
import { flows } from '../../topology.ts';

/** @throws SignpostError `config-invalid`, `acls-invalid`. */
export async function printAcls(options: AclsOptions): Promise<void> {
  const config = readConfig(options.config);
  const rules = aclRules({
    departments: departmentsOf(config.classify).map(({ name }) => name),
    topicPrefix: config.kafka?.topicPrefix ?? '',
    principalPrefix: checked('--principal-prefix', options.principalPrefix),
    runAs: runAs(options.runAs ?? []),
    auditor: options.auditor === true,
  });
  const output = createOutput();
  if (options.json) await output.json({ rules });
  else {
    const comment = [
      'Access rights of Signpost, one user to a service. They allow and take nothing away.',
    ];
    await output.line(aclScript(rules, comment).trimEnd());
  }
}

function runAs(pairs: readonly string[]): ReadonlyMap<string, string> {
  const services = flows.filter(({ kind }) => kind !== 'reader').map(({ name }) => name);
  return new Map(
    pairs.map((pair) => {
      const [service = '', user = '', ...more] = pair.split('=');
      if (!services.includes(service) || user === '' || more.length > 0) {
        throw new SignpostError(
          'acls-invalid',
          `--run-as ${safeText(pair)} names no service and user`,
          {
            hint: `It is SERVICE=USER, where SERVICE is one of ${services.join(', ')}.`,
          },
        );
      }
      return [service, checked('--run-as', user)];
    }),
  );
}

/** Principals go into a script that a person runs as an administrator: no line breaks, no control characters. */
function checked(option: string, text: string): string {
  if (/^[\x20-\x7e]{1,200}$/.test(text)) return text;
  throw new SignpostError('acls-invalid', `${option} holds characters other than printable ASCII`);
}
