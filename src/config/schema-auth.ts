/** The keys of `auth:`, who may read what. */
import { z } from 'zod';
import { parsePathPatterns } from '../module/path-patterns.js';
import { DirectHost, Duration, File, Text } from './schema-values.js';

const Audience = z.enum(['anyone', 'authenticated'], { error: 'must be anyone or authenticated' });

/** `user:NAME`, `group:NAME` or `authenticated`; see `auth/rules.ts`. */
const Subject = z.string().refine((word) => /^(?:authenticated|(?:user|group):\S(?:.*\S)?)$/.test(word), {
  error: 'must be user:NAME, group:NAME or authenticated',
});

/** Text with `{claim}`s in it. */
const GroupTemplate = Text.refine((text) => /^[^{}]*(?:\{[^{}]+\}[^{}]*)*$/.test(text), {
  error: 'must be the name of a group, in which {claim} stands for a claim of the token',
});

const Issuer = z.strictObject({
  issuer: z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
      error: 'must be the URL of the issuer, exactly as in the iss claim of its tokens',
    })
    .describe('The issuer, exactly as in the iss claim of its tokens.'),
  audience: Text.describe('The aud claim that a token must have: usually the public_url.'),
  groups: z
    .union([GroupTemplate, z.array(GroupTemplate)])
    .default([])
    .transform((groups) => (typeof groups === 'string' ? [groups] : groups))
    .describe('Groups of a principal; {claim} takes a claim of the token, such as project:{project_path}.'),
});

const ReadRule = z.strictObject({
  modules: Text.refine((patterns) => parsePathPatterns(patterns) !== undefined, {
    error: 'must be patterns of module paths as in GOPRIVATE, separated by commas',
  }).describe('Patterns of module paths as in GOPRIVATE, separated by commas.'),
  allow: z
    .array(Subject)
    .describe('Who may read them: user:NAME, group:NAME, authenticated. An empty list allows no one.'),
});

/** A variable can only say a list: `true` alone in it is what it says. */
const GitHosts = z.preprocess(
  (value: unknown) =>
    Array.isArray(value) && value.length === 1 && /^(?:true|false)$/.test(String(value[0]))
      ? String(value[0]) === 'true'
      : (value ?? false),
  z.union([z.boolean(), z.array(DirectHost)], { error: 'must be true, false or a list of hosts' }),
);

export const Auth = z.strictObject({
  htpasswd_file: File.optional().describe('Users, as "htpasswd -B" writes them: NAME:BCRYPT lines.'),
  groups_file: File.optional().describe('Groups of these users: lines USER: GROUP, GROUP.'),
  tokens_file: File.optional().describe('Tokens, written by "modhaven token".'),
  oidc: z
    .preprocess((value: unknown) => value ?? [], z.array(Issuer))
    .prefault([])
    .describe('Issuers of the signed identities of CI jobs. Default: none.'),
  git_host: GitHosts.default(false).describe(
    "true: where no rule matches, the module's git host decides, by the caller's own login (http and https repositories). Or a list of hosts, HOST or HOST:PORT, that may decide. Default: false.",
  ),
  git_host_ttl: Duration.prefault('60s').describe(
    'How long the answer of a git host is kept, yes and no alike. Default: 60s.',
  ),
  public: Audience.default('anyone').describe(
    'Who may read public modules and checksum databases: anyone or authenticated. Default: anyone.',
  ),
  pages: Audience.default('anyone').describe(
    'Who gets ?go-get=1 answers: anyone or authenticated. Default: anyone.',
  ),
  rules: z
    .preprocess((value: unknown) => value ?? [], z.array(ReadRule))
    .prefault([])
    .describe('Who may read which private modules; the first rule that matches decides. Default: no one.'),
});
