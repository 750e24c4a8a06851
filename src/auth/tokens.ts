/**
 * Tokens for people and machines, and the file that keeps them: names, groups, times and SHA-256 hashes, never a token.
 *
 * A token has 256 bits of chance, so one fast hash of it cannot be turned back, and needs no salt. Its beginning names
 * the program, for the tools that search for leaked secrets. What was revoked stays in the file as a hash, so that a
 * server can tell such a token from a guess.
 */
import { createHash, randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { z } from 'zod';
import { parseYaml } from '../yaml/yaml-source.js';
import { parseWithSchema } from '../yaml/with-schema.js';

/** One entry of the file. */
export interface TokenEntry {
  name: string;
  /** `sha256:` and 64 hex digits. */
  hash: string;
  groups: readonly string[];
  created: Date;
  expires: Date;
}

export interface Tokens {
  tokens: readonly TokenEntry[];
  /** Hashes of tokens that were revoked. */
  revoked: readonly { name: string; hash: string; revoked: Date }[];
}

export const NO_TOKENS: Tokens = { tokens: [], revoked: [] };

const PREFIX = 'mhv_';

/** Whether `text` has the form of a token of ours. */
export function looksLikeToken(text: string): boolean {
  return /^mhv_[A-Za-z0-9_-]{43}$/.test(text);
}

/** A new token. It exists nowhere else: its owner, if it is lost, needs another one. */
export function generateToken(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

export function hashToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

/** Whether `name` can be that of a token: it stands in rules, logs and lists. */
export function isTokenName(name: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N}._@/-]{0,99}$/u.test(name);
}

const Name = z.string().refine(isTokenName, { error: 'must be a name of letters, digits and . _ @ / -' });
const Hash = z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: 'must be sha256: and 64 hex digits' });
const Time = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), { error: 'must be a time such as 2027-01-31T00:00:00Z' })
  .transform((text) => new Date(text));

const TokensFile = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        name: Name,
        hash: Hash,
        groups: z.array(z.string().min(1)).default([]),
        created: Time,
        expires: Time,
      }),
    )
    .default([]),
  revoked: z.array(z.strictObject({ name: Name, hash: Hash, revoked: Time })).default([]),
});

/** Reads a tokens file. Throws CONFIG, `FILE:LINE:COL: sentence`, one problem a line. */
export function parseTokens(text: string, file: string): Tokens {
  const source = parseYaml(text, file, /(?!)/g);
  return source.data === undefined ? NO_TOKENS : parseWithSchema(TokensFile, source, source.data);
}

export function formatTokens({ tokens, revoked }: Tokens): string {
  const entries = tokens.map((entry) => ({
    ...entry,
    groups: [...entry.groups],
    created: isoSeconds(entry.created),
    expires: isoSeconds(entry.expires),
  }));
  const gone = revoked.map((entry) => ({ ...entry, revoked: isoSeconds(entry.revoked) }));
  return `# Written by "modhaven token". Only hashes are kept.\n${stringify({ tokens: entries, revoked: gone })}`;
}

/** The file with one more token; undefined if a token of this name is in it. */
export function addToken(tokens: Tokens, entry: TokenEntry): Tokens | undefined {
  if (tokens.tokens.some(({ name }) => name === entry.name)) return undefined;
  return { ...tokens, tokens: [...tokens.tokens, entry] };
}

/** The file without the token `name`; undefined if it has none. */
export function revokeToken(tokens: Tokens, name: string, now: Date): Tokens | undefined {
  const found = tokens.tokens.find((entry) => entry.name === name);
  if (found === undefined) return undefined;
  return {
    tokens: tokens.tokens.filter((entry) => entry !== found),
    revoked: [...tokens.revoked, { name, hash: found.hash, revoked: now }],
  };
}

/** What a token is worth at `now` (milliseconds since 1970): its entry, or why it is worth nothing. */
export function findToken(index: TokenIndex, token: string, now: number): TokenEntry | 'ended' | undefined {
  const found = index.get(hashToken(token));
  if (found === undefined || found === 'revoked') return found && 'ended';
  return found.expires.getTime() > now ? found : 'ended';
}

/** Tokens by hash. */
export type TokenIndex = ReadonlyMap<string, TokenEntry | 'revoked'>;

export function indexTokens({ tokens, revoked }: Tokens): TokenIndex {
  return new Map<string, TokenEntry | 'revoked'>([
    ...revoked.map(({ hash }) => [hash, 'revoked'] as const),
    ...tokens.map((entry) => [entry.hash, entry] as const),
  ]);
}

function isoSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
