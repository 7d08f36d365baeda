// Access rights as commands of Kafka's own tool, safe to paste: a shell script that only ever allows.
import type { AclRule } from './acls.ts';

/** One kafka-acls.sh command to a rule, its arguments quoted for POSIX shells. */
export function aclCommands(rules: readonly AclRule[]): readonly string[] {
  return rules.map(({ principal, resource, name, pattern, operations }) =>
    [
      'kafka_acls --add',
      `--allow-principal ${quoted(principal)}`,
      ...operations.map((operation) => `--operation ${operation}`),
      `--${resource} ${quoted(name)}`,
      ...(pattern === 'prefixed' ? ['--resource-pattern-type prefixed'] : []),
    ].join(' '),
  );
}

/** The commands as a script that takes the brokers from its environment. */
export function aclScript(rules: readonly AclRule[], comment: readonly string[]): string {
  const lines = [
    '#!/bin/sh',
    ...comment.map((line) => `# ${line}`),
    '#',
    '# BOOTSTRAP_SERVERS   host:port,… of the cluster',
    '# COMMAND_CONFIG      file of settings of an administrator, when the cluster asks who it is',
    '# KAFKA_ACLS          the tool, when it is not kafka-acls.sh in the PATH',
    'set -eu',
    'kafka_acls() {',
    '  "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "${BOOTSTRAP_SERVERS:?}" \\',
    '    ${COMMAND_CONFIG:+--command-config "$COMMAND_CONFIG"} "$@"',
    '}',
  ];
  let user = '';
  for (const [index, command] of aclCommands(rules).entries()) {
    const { principal } = rules[index]!;
    if (principal !== user) lines.push('', `# ${principal.replaceAll(/[^\x20-\x7e]/g, '?')}`);
    user = principal;
    lines.push(command);
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
