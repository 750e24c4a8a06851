/** `modhaven token`: tokens for people and machines. A token is shown once; only its hash is kept. */
import { realpath } from 'node:fs/promises';
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
import { DAY_MS, MAX_DAYS, parseDuration } from '../config/units.js';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import { replaceFile } from '../fs/durable-file.js';
import { absentAsUndefined } from '../fs/file-errors.js';
import { lockPath } from '../fs/path-lock.js';
import { readRegularText } from '../fs/regular-file.js';
import { audited } from './common/audited.js';
import { jsonText } from './output/json-text.js';
import { tableLines } from './output/table.js';

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
  names.forEach(checkGroup);
  const made = { name, groups: names, created, expires: ends };
  const isAdded = await editTokens(file, (tokens) => addToken(tokens, { ...made, hash: hashToken(token) }));
  if (!isAdded) {
    return { text: `there is a token ${name}; revoke it first, or choose another name\n`, ok: false };
  }
  await audited(config, { event: 'token-added', token: name, groups: names, expires });
  if (options.json === true) return { text: jsonText({ token, ...shownToken(made) }), ok: true };
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
  if (json) return { text: jsonText(tokens.map(shownToken)), ok: true };
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

/** Ends a token; `ok` is false where there is none of this name. */
export async function revokeTokenOf(config: string | undefined, name: string): Promise<Report> {
  const isRevoked = await editTokens(tokensFile(config), (tokens) => revokeToken(tokens, name, new Date()));
  if (!isRevoked) return { text: `there is no token ${name}\n`, ok: false };
  await audited(config, { event: 'token-revoked', token: name });
  return { text: `revoked ${name}; servers that run refuse it within a second\n`, ok: true };
}

/** `group:NAME` and `user:NAME` are words of a rule, and the prefix is not a part of the name. */
function checkGroup(group: string): void {
  const [, prefix, name = ''] = /^(group|user):(.*)$/.exec(group) ?? [];
  if (prefix === undefined) return;
  throw new ModhavenError('CONFIG', `${JSON.stringify(group)} cannot be the name of a group`, {
    remedy:
      prefix === 'group'
        ? `write --groups ${name}: a rule that allows group:${name} means that`
        : `a rule that allows user:${name} means the user or token of this name, whatever its groups are`,
  });
}

function parseLifetime(text: string): number {
  const lifetime = parseDuration(text);
  if (lifetime === undefined || lifetime === 0) {
    throw new ModhavenError('CONFIG', `--expires ${text} is not a time`, { remedy: 'write 30m, 12h or 90d' });
  }
  if (lifetime <= MAX_DAYS * DAY_MS) return lifetime;
  throw new ModhavenError('CONFIG', `--expires ${text} is too far away`, {
    remedy: `write ${MAX_DAYS}d or less`,
  });
}

function tokensFile(config: string | undefined): string {
  const file = loadConfig(config).auth?.tokensFile;
  if (file !== undefined) return file;
  throw new ModhavenError('CONFIG', 'modhaven.yaml names no file for tokens', {
    remedy: 'set auth.tokens_file, such as ./tokens.yaml',
  });
}

async function readTokens(file: string): Promise<Tokens> {
  const text = await absentAsUndefined(readRegularText(file));
  return text === undefined ? NO_TOKENS : parseTokens(text, file);
}

/** A command that holds the lock has died if it did not renew it for so long; how long one that lives is waited for. In milliseconds. */
const LOCK = { staleMs: 10_000, waitMs: 30_000 };

/**
 * Replaces the tokens by what `edit` makes of them; false, and nothing is changed, where that is undefined. One command at a
 * time: of two that read the same file the later one would bring back what the other has revoked. The file keeps its rights
 * and its owner: where root edits it, the account of the server still has to read it. Throws CONFIG where it cannot be written.
 */
async function editTokens(named: string, edit: (tokens: Tokens) => Tokens | undefined): Promise<boolean> {
  try {
    const file = (await absentAsUndefined(realpath(named))) ?? named;
    const lock = await lockPath(file, LOCK);
    try {
      const next = edit(await readTokens(file));
      if (next !== undefined) await replaceFile(file, formatTokens(next), { mode: 0o600, keepsRights: true });
      return next !== undefined;
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (isModhavenError(error)) throw error;
    throw new ModhavenError('CONFIG', `${named} cannot be written`, {
      reason: errorMessage(error),
      remedy: 'run the command under an account that may write the file and its folder',
      cause: error,
    });
  }
}
