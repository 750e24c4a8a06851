/**
 * From the login of a request to a principal: tokens, signed JWTs of CI systems, users of the htpasswd file, in this order,
 * told apart by the form of the secret. The user name beside a token or a JWT means nothing.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import type { Logger } from '../log/log.js';
import { ModhavenError } from '../errors.js';
import { readText } from '../fs/read-text.js';
import { parseGroups, parseHtpasswd, PasswordChecker, type Groups, type Users } from './htpasswd.js';
import { parseAuthorization, secretOf, type Login } from './login.js';
import { issuerOf, type OidcIssuer } from './oidc.js';
import { ANYONE, type Principal } from './principal.js';
import {
  NO_TOKENS,
  findToken,
  indexTokens,
  looksLikeToken,
  parseTokens,
  type TokenIndex,
  type Tokens,
} from './tokens.js';
import { UNREADABLE, WatchedFile } from './watched-file.js';

/** What a login is worth. */
export type Identity =
  | { kind: 'known'; principal: Principal }
  /** It was valid once: it has expired or was revoked. Such a login does not count as a guess. */
  | { kind: 'ended' }
  /** Proves nothing. */
  | { kind: 'unknown' };

export interface AuthenticatorOptions {
  htpasswdFile: string | undefined;
  groupsFile: string | undefined;
  tokensFile: string | undefined;
  issuers: readonly OidcIssuer[];
  log: Pick<Logger, 'error' | 'info'>;
  /** Milliseconds since 1970: tokens expire by the calendar. */
  now?: () => number;
}

const UNKNOWN: Identity = { kind: 'unknown' };
const WITHOUT_LOGIN: Identity = { kind: 'known', principal: ANYONE };
/** Headers of which is remembered whose token they hold. */
const MAX_HEADERS = 10_000;

export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #now: () => number;
  readonly #users: WatchedFile<PasswordChecker> | undefined;
  readonly #groups: WatchedFile<Groups> | undefined;
  readonly #tokens: WatchedFile<TokenIndex> | undefined;
  readonly #byHeader = new LRUCache<string, { principal: Principal; until: number }>(atMost(MAX_HEADERS));

  /** Reads the files for the first time. Throws CONFIG. */
  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { htpasswdFile, groupsFile, tokensFile, log } = options;
    // Each file is held against the other one as it lies there now, because a name may move from one to the other in one edit;
    // against its last good content while it cannot be read.
    let users: Users = new Map();
    let tokens: Tokens = NO_TOKENS;
    if (htpasswdFile !== undefined) {
      this.#users = new WatchedFile(
        htpasswdFile,
        (text, file) => {
          const read = parseHtpasswd(text, file);
          checkNames(readNow(tokensFile, parseTokens) ?? tokens, read, file);
          users = read;
          return new PasswordChecker(read);
        },
        log,
      );
    }
    if (groupsFile !== undefined) {
      this.#groups = new WatchedFile(groupsFile, parseGroups, log);
    }
    if (tokensFile !== undefined) {
      this.#tokens = new WatchedFile(
        tokensFile,
        (text, file) => {
          const read = parseTokens(text, file);
          checkNames(read, readNow(htpasswdFile, parseHtpasswd) ?? users, file);
          tokens = read;
          return indexTokens(read);
        },
        log,
      );
    }
  }

  /** The files whose change `reload` reads. */
  files(): string[] {
    return this.#watched().map(({ file }) => file);
  }

  /** Reads the files again; a login counts by what they say now. */
  reload(): void {
    for (const watched of this.#watched()) watched.reload();
    this.#byHeader.clear();
  }

  /** What is wrong with the files on disk. */
  errors(): ModhavenError[] {
    return this.#watched().flatMap(({ error }) => error ?? []);
  }

  /**
   * At once for a token, later for what takes hashing or an issuer; for hashing, clients take turns. Throws OVERLOADED and
   * HOST_UNREACHABLE.
   */
  identify(header: string | undefined, client: () => string = () => ''): Identity | Promise<Identity> {
    if (header === undefined) return WITHOUT_LOGIN;
    const known = this.#byHeader.get(header);
    if (known !== undefined && known.until > this.#now()) {
      return { kind: 'known', principal: known.principal };
    }
    const login = parseAuthorization(header);
    if (login === undefined || login === 'malformed') return UNKNOWN;
    const secret = secretOf(login);
    if (looksLikeToken(secret)) return this.#byToken(header, secret);
    const issuer = issuerOf(secret);
    const trusted = this.#options.issuers.filter((known) => known.issuer === issuer);
    if (trusted.length > 0) return byJwt(trusted, secret);
    return this.#byPassword(login, client());
  }

  #byToken(header: string, token: string): Identity {
    const found = this.#tokens && findToken(this.#tokens.value, token, this.#now());
    if (found === undefined) return UNKNOWN;
    if (found === 'ended') return { kind: 'ended' };
    const principal: Principal = { kind: 'token', name: found.name, groups: new Set(found.groups) };
    this.#byHeader.set(header, { principal, until: found.expires.getTime() });
    return { kind: 'known', principal };
  }

  async #byPassword(login: Login, client: string): Promise<Identity> {
    if (this.#users === undefined || login.kind !== 'basic') return UNKNOWN;
    if (!(await this.#users.value.check(login.user, login.password, client))) return UNKNOWN;
    const groups = this.#groups?.value.get(login.user) ?? new Set<string>();
    return { kind: 'known', principal: { kind: 'user', name: login.user, groups } };
  }

  #watched(): Pick<WatchedFile<unknown>, 'file' | 'error' | 'reload'>[] {
    return [this.#users, this.#groups, this.#tokens].filter((file) => file !== undefined);
  }
}

/** `issuers`: those of one name, each with its audience and its groups. */
async function byJwt(issuers: readonly OidcIssuer[], token: string): Promise<Identity> {
  let identity = UNKNOWN;
  for (const issuer of issuers) {
    const found = await issuer.verify(token);
    if (found === 'ended') identity = { kind: 'ended' };
    else if (found !== undefined) return { kind: 'known', principal: found };
  }
  return identity;
}

/** What `parse` makes of a file as it lies there now; undefined where there is none, or it cannot be used. */
function readNow<T>(file: string | undefined, parse: (text: string, file: string) => T): T | undefined {
  if (file === undefined) return undefined;
  try {
    return parse(readText(file, UNREADABLE), file);
  } catch {
    return undefined; // its own reader says what is wrong with it
  }
}

/** `user:NAME` of a rule must mean one principal. */
function checkNames({ tokens }: Tokens, users: Users, file: string): void {
  const shared = tokens.find(({ name }) => users.has(name));
  if (shared === undefined) return;
  throw new ModhavenError(
    'CONFIG',
    `${file}: ${shared.name} is the name of a token and of an htpasswd user`,
    {
      remedy: `revoke it with "modhaven token revoke ${shared.name}" and give it another name`,
    },
  );
}
