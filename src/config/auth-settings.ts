/** `auth:` as the program is given it. */
import type { z } from 'zod';
import type { Auth } from './schema-auth.js';
import { absolutePath } from './schema-values.js';

/** Who may read what, as written: `auth/read-access.ts` gives it its meaning. */
export interface AuthSettings {
  htpasswdFile: string | undefined;
  groupsFile: string | undefined;
  tokensFile: string | undefined;
  issuers: readonly { issuer: string; audience: string; groups: readonly string[] }[];
  public: 'anyone' | 'authenticated';
  pages: 'anyone' | 'authenticated';
  rules: readonly { modules: string; allow: readonly string[] }[];
  /** Undefined: no git host is asked. */
  gitHost: GitHostScope | undefined;
  gitHostTtlMs: number;
}

/** Whose answer counts where no rule matches: all git hosts of the rules, or these (`HOST` or `HOST:PORT`, in lower case). */
export type GitHostScope = 'all' | readonly string[];

/** `base`: the folder that relative paths are relative to. */
export function readAuth(written: z.output<typeof Auth> | undefined, base: string): AuthSettings | undefined {
  if (written === undefined) return undefined;
  return {
    htpasswdFile: absolutePath(written.htpasswd_file, base),
    groupsFile: absolutePath(written.groups_file, base),
    tokensFile: absolutePath(written.tokens_file, base),
    issuers: written.oidc,
    public: written.public,
    pages: written.pages,
    rules: written.rules,
    gitHost: gitHostScope(written.git_host),
    gitHostTtlMs: written.git_host_ttl,
  };
}

function gitHostScope(written: boolean | readonly string[]): GitHostScope | undefined {
  if (typeof written === 'boolean') return written ? 'all' : undefined;
  return written.length === 0 ? undefined : written;
}
