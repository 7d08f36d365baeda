// `signpost topics acls`: the access rights of a deployment as commands of Kafka's own tool.
import type { AclsOptions } from '../commands/topics.ts';
import { readConfig } from '../config.ts';
import { departmentNames } from '../departments.ts';
import { createOutput } from '../output.ts';
import { aclScript } from './acl-script.ts';
import { aclRules } from './acls.ts';
import { flows } from '../../topology.ts';

/**
 * @param refuse ends the command for a value of an option that cannot be
 * @throws SignpostError `config-invalid`.
 */
export async function printAcls(
  options: AclsOptions,
  refuse: (message: string) => never,
): Promise<void> {
  // Principals go into a script that an administrator runs: no line breaks, no control characters.
  const checked = (option: string, text: string): string =>
    /^[\x20-\x7e]{1,200}$/.test(text)
      ? text
      : refuse(`${option} takes printable ASCII of 200 characters at most.`);
  const runAs = (options.runAs ?? []).map((pair): [string, string] => {
    const [service = '', user = '', ...more] = pair.split('=');
    if (!services.includes(service) || user === '' || more.length > 0) {
      refuse(`--run-as takes SERVICE=USER, where SERVICE is one of ${services.join(', ')}.`);
    }
    return [service, checked('--run-as', user)];
  });
  const config = readConfig(options.config);
  const rules = aclRules({
    departments: departmentNames(config.classify),
    topicPrefix: config.kafka?.topicPrefix ?? '',
    principalPrefix: checked('--principal-prefix', options.principalPrefix),
    runAs: new Map(runAs),
    auditor: options.auditor === true,
  });
  const output = createOutput();
  if (options.json) await output.json({ rules });
  else await output.line(aclScript(rules, comment).trimEnd());
}

const services = flows.filter(({ kind }) => kind !== 'reader').map(({ name }) => name);
const comment = [
  'Access rights of Signpost, one user to a service. They allow, and take nothing away.',
];
