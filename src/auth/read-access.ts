/**
 * Whether a principal may read a module: the one place that decides it, for every way to content.
 *
 * Public modules are for `public:`; a private one is for those whom the first matching rule allows; where no rule matches,
 * the git host decides if `git_host` says so (`git-host.ts`), else the answer is no.
 */
import type { Identity } from './authenticator.js';
import type { HostQuestion } from './git-host.js';
import { ANYONE, isAuthenticated, type Principal } from './principal.js';
import { decide, type ReadRule } from './rules.js';

export type Audience = 'anyone' | 'authenticated';

export interface AccessSettings {
  /** Who may read public modules and checksum databases. */
  public: Audience;
  /** Who may read `?go-get=1` pages. */
  pages: Audience;
  rules: readonly ReadRule[];
  /** Whether a git host is asked where no rule matches, and about logins that are not known here. */
  gitHost: boolean;
}

/** What a request wants. */
export type Resource =
  | { kind: 'module'; path: string; isPrivate: boolean }
  /** A `?go-get=1` answer. */
  | { kind: 'page' }
  /** What is as open as public modules: tree heads and hash tiles of checksum databases. */
  | { kind: 'public' }
  /** Status, metrics, data tiles of our own checksum database. */
  | { kind: 'admin' }
  /** A page that shows each visitor what they may read (`proxy/access/readable.ts`): for everybody whose login is not wrong. */
  | { kind: 'listing' }
  /** Health checks, `/-/env`: for everybody. */
  | { kind: 'open' };

export type Decision =
  /** `isForEveryone`: the answer may be kept for, and by, others. */
  | { kind: 'allowed'; principal: Principal; isForEveryone: boolean }
  /** No login, where one is needed. */
  | { kind: 'login-needed' }
  /** A login that proves nothing, where one is needed; `isGuess` if it counts as a wrong one. */
  | { kind: 'login-wrong'; isGuess: boolean }
  /** Known, without the right. */
  | { kind: 'forbidden'; principal: Principal }
  /** The git host is to be asked `question` with the login of the request. `principal`: who it is known to be here, if so. */
  | { kind: 'host-decides'; question: HostQuestion; principal: Principal | undefined };

const ADMIN_GROUP = 'admin';

export function decideAccess(settings: AccessSettings, resource: Resource, identity: Identity): Decision {
  const audience = audienceOf(settings, resource);
  const principal = identity.kind === 'known' ? identity.principal : undefined;
  // Wrong credentials on what is open to everyone are ignored.
  if (audience === 'anyone') return { kind: 'allowed', principal: principal ?? ANYONE, isForEveryone: true };
  if (resource.kind === 'module' && resource.isPrivate) {
    return privateModule(settings, resource.path, identity);
  }
  if (identity.kind === 'unknown' && settings.gitHost && audience !== 'admin') {
    const question = { kind: 'login', proof: audience === 'authenticated' } as const;
    return { kind: 'host-decides', question, principal: undefined };
  }
  // A list that showed less to a wrong login, and nothing else, would be a place to guess at.
  if (principal === undefined) return { kind: 'login-wrong', isGuess: identity.kind === 'unknown' };
  if (audience === 'reader') return { kind: 'allowed', principal, isForEveryone: false };
  if (!isAuthenticated(principal)) return { kind: 'login-needed' };
  if (audience === 'admin' && !principal.groups.has(ADMIN_GROUP)) return { kind: 'forbidden', principal };
  return { kind: 'allowed', principal, isForEveryone: false };
}

function privateModule(settings: AccessSettings, path: string, identity: Identity): Decision {
  if (identity.kind === 'ended') return { kind: 'login-wrong', isGuess: false };
  const principal = identity.kind === 'known' ? identity.principal : ANYONE;
  const byRule = decide(settings.rules, path, principal);
  if (byRule === true) return { kind: 'allowed', principal, isForEveryone: false };
  if (byRule === undefined && settings.gitHost && mayBeOfHost(identity)) {
    const known = identity.kind === 'known' ? principal : undefined;
    return { kind: 'host-decides', question: { kind: 'module', path }, principal: known };
  }
  if (identity.kind === 'unknown') return { kind: 'login-wrong', isGuess: true };
  return isAuthenticated(principal) ? { kind: 'forbidden', principal } : { kind: 'login-needed' };
}

/** Tokens of ours and signed identities mean nothing to a git host, so they are not shown to one. */
function mayBeOfHost(identity: Identity): boolean {
  return identity.kind === 'unknown' || (identity.kind === 'known' && identity.principal.kind === 'user');
}

function audienceOf(settings: AccessSettings, resource: Resource): Audience | 'admin' | 'rules' | 'reader' {
  switch (resource.kind) {
    case 'module':
      return resource.isPrivate ? 'rules' : settings.public;
    case 'public':
      return settings.public;
    case 'page':
      return settings.pages;
    case 'admin':
      return 'admin';
    case 'listing':
      return 'reader';
    case 'open':
      return 'anyone';
  }
}
