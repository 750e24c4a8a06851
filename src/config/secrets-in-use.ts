/** The secrets that the settings themselves hold; those in files are noted where they are read. */
import { noteSecret } from '../secrets.js';

export interface SecretSettings {
  hosts: ReadonlyMap<string, { token: string | undefined }>;
  upstream: readonly { credentials: { password: string } | undefined }[];
  webhookSecret: string | undefined;
}

export function noteSecrets({ hosts, upstream, webhookSecret }: SecretSettings): void {
  for (const { token } of hosts.values()) noteSecret(token);
  for (const { credentials } of upstream) noteSecret(credentials?.password);
  noteSecret(webhookSecret);
}
