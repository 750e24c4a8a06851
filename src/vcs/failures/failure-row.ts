/**
 * The shape of a row in the tables of failures (`ssh-failures.ts`, `host-failures.ts`), and words that rows share.
 *
 * Reasons are read by developers, too, so they name nothing of the server. Remedies are for its admin, in the log and in
 * `/-/status`, and short: with a long module path in front, some 200 bytes of them are seen.
 */
import type { ErrorCode, RemedyBy } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import type { HostKey } from '../ssh/known-hosts.js';
import type { CertificateFault } from '../transport/certificate.js';

export interface FailureContext {
  /** What git connected to. */
  repo: RepoUrl;
  /** The repository of the rule, where the account's configuration of git puts another address in its place. */
  shownAs?: RepoUrl;
  /** Key of the entry under `vcs.hosts` that applied, or the one that would. */
  hostKey: string;
  /** The name (never the value) of the credential that was used, if one was. */
  credential: string | undefined;
  timeoutMs: number;
  /** The ssh host keys that the host shows, where they were looked at; see `isUnknownHostKey`. */
  hostKeys?: readonly HostKey[];
  /** What is wrong with the certificate of the host, where it was looked at; see `isCertificateFailure`. */
  certificate?: CertificateFault | undefined;
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

export function hostOf(context: FailureContext): string {
  return `${context.repo.host}${portSuffix(context.repo)}`;
}

export function portSuffix(repo: RepoUrl): string {
  return repo.port === undefined ? '' : `:${repo.port}`;
}
