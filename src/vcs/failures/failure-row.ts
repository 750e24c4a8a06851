/**
 * The shape of a row in the tables of failures (`ssh-failures.ts`, `host-failures.ts`), and words that rows share.
 *
 * Reasons are read by developers, too, so they name nothing of the server. Remedies are for its admin, in the log and in
 * `/-/status`, and short: with a long module path in front, some 200 bytes of them are seen.
 */
import type { ErrorCode, RemedyBy } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import type { HostKey } from '../ssh/known-hosts.js';

export interface FailureContext {
  repo: RepoUrl;
  /** Key of the entry under `vcs.hosts` that applied, or the one that would. */
  hostKey: string;
  /** The name (never the value) of the credential that was used, if one was. */
  credential: string | undefined;
  timeoutMs: number;
  /** The ssh host keys that the host shows, where they were looked at; see `isUnknownHostKey`. */
  hostKeys?: readonly HostKey[];
}

/** One way to fail, recognised by what git or ssh wrote to standard error. */
export interface FailureRow {
  pattern: RegExp;
  code: ErrorCode;
  reason: string | ((match: RegExpExecArray, context: FailureContext) => string);
  /** Of the admin, unless `remedyBy` says that a developer can do it. */
  remedy: string | ((context: FailureContext, match: RegExpExecArray) => string);
  remedyBy?: RemedyBy;
}

/** Where the address of a repository is written. */
export const IN_REPO = 'in repo: of the rule in vanity.yaml';

/** The entry to change, as `modhaven.yaml` spells its place. */
export function entry(context: FailureContext): string {
  return `vcs.hosts."${context.hostKey}"`;
}

/** The words for an address that no way leads to; git over http does not tell it from a closed port, so `dial` does. */
export function noRoute(address: string): { reason: string; remedy: string; remedyBy: 'admin' } {
  return {
    reason: `there is no way from the modhaven server to ${address}`,
    remedy: 'check routes and VPN of the server (WireGuard: the address must be in AllowedIPs of a peer)',
    remedyBy: 'admin',
  };
}

export function hostOf(context: FailureContext): string {
  return `${context.repo.host}${portSuffix(context.repo)}`;
}

export function portSuffix(repo: RepoUrl): string {
  return repo.port === undefined ? '' : `:${repo.port}`;
}
