// What a target says is shown to people, and may repeat what it was sent: our keys are taken out of it.

/** Shorter ones are no secrets, and would hide ordinary words. */
const leastLength = 4;

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let hidden = text;
  // Longest first: one may hold another.
  for (const secret of secrets.toSorted((a, b) => b.length - a.length))
    if (secret.length >= leastLength) hidden = hidden.replaceAll(secret, '[hidden]');
  return hidden;
}
