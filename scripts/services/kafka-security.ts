// A broker's listeners with a password, with and without TLS, and its ACLs. The plain listener stays, for the brokers
// among themselves and for whoever sets up topics and ACLs: what comes through it may do everything.
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quickStartFlags, runJava } from './java.ts';

/** Passwords by user name: letters, digits, dashes, underscores. */
export type KafkaUsers = Readonly<Record<string, string>>;

export interface Keystore {
  /** PKCS #12 with the brokers' key. */
  readonly path: string;
  readonly password: string;
}

const login = 'org.apache.kafka.common.security';
const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** Refuses what would need escaping in Kafka's settings. */
export function checkUsers(users: KafkaUsers): KafkaUsers {
  for (const [name, password] of Object.entries(users)) {
    if (!/^[\w-]+$/.test(name) || !/^[\w-]+$/.test(password)) {
      throw new TypeError(
        `The Kafka user ${JSON.stringify(name)} or its password holds other characters than letters, digits, - and _.`,
      );
    }
  }
  return users;
}

/** Settings for PLAIN, SCRAM and OAUTHBEARER (unsigned tokens) on both listeners, and for ACLs that deny by default. */
export function securityProperties(
  users: KafkaUsers,
  keystore: Keystore,
): Readonly<Record<string, string>> {
  const passwords = Object.entries(users).map(([name, password]) => ` user_${name}="${password}"`);
  const modules: Readonly<Record<string, string>> = {
    PLAIN: `${login}.plain.PlainLoginModule required${passwords.join('')};`,
    'SCRAM-SHA-256': `${login}.scram.ScramLoginModule required;`,
    'SCRAM-SHA-512': `${login}.scram.ScramLoginModule required;`,
    OAUTHBEARER: `${login}.oauthbearer.OAuthBearerLoginModule required;`,
  };
  const logins = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) =>
    Object.entries(modules).map(([mechanism, module]): [string, string] => [
      `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`,
      module,
    ]),
  );
  return {
    'sasl.enabled.mechanisms': Object.keys(modules).join(','),
    ...Object.fromEntries(logins),
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': keystore.path,
    'ssl.keystore.password': keystore.password,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'false',
  };
}

/** Arguments of Kafka's format command that make the users known to SCRAM. */
export function scramArguments(users: KafkaUsers): readonly string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    scram.flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
}

export const newPassword = (): string => randomBytes(16).toString('hex');

/** The certificate that clients trust, as PEM, in the folder. */
export const certificatePath = (dir: string): string => join(dir, 'kafka-ca.pem');

/** Makes a key and a certificate for 127.0.0.1 and localhost, valid for ten years, where there are none. */
export async function makeKeystore(dir: string, { path, password }: Keystore): Promise<void> {
  if (existsSync(path)) return;
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { force: true });
  const quick = quickStartFlags.map((flag) => `-J${flag}`);
  const store = ['-alias', 'kafka', '-keystore', unfinished, '-storepass', password];
  const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650'];
  const names = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost'];
  await runJava('keytool', [
    ...quick,
    '-genkeypair',
    ...store,
    '-storetype',
    'PKCS12',
    ...key,
    ...names,
  ]);
  writeFileSync(
    certificatePath(dir),
    await runJava('keytool', [...quick, '-exportcert', '-rfc', ...store]),
  );
  renameSync(unfinished, path);
}
