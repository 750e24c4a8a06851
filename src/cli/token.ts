/** `modhaven token`: tokens for people and machines. A token is shown once; only its hash is kept. */
import { readFile } from 'node:fs/promises';
import {
  NO_TOKENS,
  addToken,
  formatTokens,
  generateToken,
  hashToken,
  isTokenName,
  parseTokens,
  revokeToken,
  type Tokens,
} from '../auth/tokens.js';
import { loadConfig } from '../config/load-config.js';
import { parseDuration } from '../config/units.js';
import { ModhavenError } from '../errors.js';
import { replaceFile } from '../fs/durable-file.js';
import { absentAsUndefined } from '../fs/file-errors.js';
import { audited } from './common/audited.js';
import { tableLines } from './report/table.js';

interface Report {
  text: string;
  ok: boolean;
}

export interface AddTokenOptions {
  config?: string;
  name: string;
  /** Names separated by commas. */
  groups?: string | undefined;
  /** `30m`, `12h`, `90d`. */
  expires: string;
  json?: boolean;
}

/** Makes a token; `ok` is false where its name is taken. Throws CONFIG. */
export async function addTokenTo(options: AddTokenOptions): Promise<Report> {
  const { config, name, groups = '', expires } = options;
  const lifetime = parseLifetime(expires);
  if (!isTokenName(name)) {
    throw new ModhavenError('CONFIG', `${JSON.stringify(name)} cannot be the name of a token`, {
      remedy: 'use letters, digits and . _ @ / -',
    });
  }
  const file = tokensFile(config);
  const token = generateToken();
  const created = new Date();
  const names = groups.split(',').flatMap((group) => (group.trim() === '' ? [] : [group.trim()]));
  const ends = new Date(created.getTime() + lifetime);
  const made = { name, groups: names, created, expires: ends };
  const next = addToken(await readTokens(file), { ...made, hash: hashToken(token) });
  if (next === undefined) {
    return { text: `there is a token ${name}; revoke it first, or choose another name\n`, ok: false };
  }
  await writeTokens(file, next);
  await audited(config, { event: 'token-added', token: name, groups: names, expires });
  if (options.json === true) return { text: asJson({ token, ...shownToken(made) }), ok: true };
  return {
    text: `${token}\n\nThis is the only time it is shown. It is sent as the password, with any user name, and ends in ${expires}.\n`,
    ok: true,
  };
}

export interface ListTokensOptions {
  config?: string | undefined;
  json?: boolean;
}

/** The tokens that are in force or have expired. */
export async function listTokens({ config, json = false }: ListTokensOptions): Promise<Report> {
  const { tokens } = await readTokens(tokensFile(config));
  if (json) return { text: asJson(tokens.map(shownToken)), ok: true };
  if (tokens.length === 0) return { text: 'there are no tokens\n', ok: true };
  const now = Date.now();
  const rows = tokens.map(({ name, groups, created, expires }) => [
    name,
    groups.join(', '),
    created.toISOString().slice(0, 10),
    expires.toISOString().slice(0, 16).replace('T', ' ') + (expires.getTime() <= now ? ' (expired)' : ''),
  ]);
  const lines = tableLines([['name', 'groups', 'created', 'expires'], ...rows]);
  return { text: `${lines.join('\n')}\n`, ok: true };
}

/** What may be shown of a token. */
function shownToken({ name, groups, created, expires }: Omit<Tokens['tokens'][number], 'hash'>): object {
  const expired = expires.getTime() <= Date.now();
  return { name, groups, created: created.toISOString(), expires: expires.toISOString(), expired };
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Ends a token; `ok` is false where there is none of this name. */
export async function revokeTokenOf(config: string | undefined, name: string): Promise<Report> {
  const file = tokensFile(config);
  const next = revokeToken(await readTokens(file), name, new Date());
  if (next === undefined) return { text: `there is no token ${name}\n`, ok: false };
  await writeTokens(file, next);
  await audited(config, { event: 'token-revoked', token: name });
  return { text: `revoked ${name}; servers that run refuse it within a second\n`, ok: true };
}

/** `modhaven token` takes minutes, too, which no other setting needs to. */
function parseLifetime(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const lifetime = days === undefined ? parseDuration(text) : Number(days) * 86_400_000;
  if (lifetime !== undefined && lifetime > 0) return lifetime;
  throw new ModhavenError('CONFIG', `--expires ${text} is not a time`, { remedy: 'write 30m, 12h or 90d' });
}

function tokensFile(config: string | undefined): string {
  const file = loadConfig(config).auth?.tokensFile;
  if (file !== undefined) return file;
  throw new ModhavenError('CONFIG', 'modhaven.yaml names no file for tokens', {
    remedy: 'set auth.tokens_file, such as ./tokens.yaml',
  });
}

async function readTokens(file: string): Promise<Tokens> {
  const text = await absentAsUndefined(readFile(file, 'utf8'));
  return text === undefined ? NO_TOKENS : parseTokens(text, file);
}

function writeTokens(file: string, tokens: Tokens): Promise<void> {
  return replaceFile(file, formatTokens(tokens), { mode: 0o600 });
}
