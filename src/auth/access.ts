/**
 * `auth:` in force: its files, issuers and rules, made anew when the settings change and read again when a file does. What
 * cannot be read keeps the last good state: a bad edit must not lock out people who are allowed today.
 */
import type { AuthSettings, GitHostScope } from '../config/auth-settings.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import type { Logger } from '../log/log.js';
import { Authenticator } from './authenticator.js';
import { HostRights, type Judge } from './git-host.js';
import { OidcIssuer } from './oidc.js';
import type { AccessSettings } from './read-access.js';
import { parseSubject, readRule } from './rules.js';

export interface AccessState {
  settings: AccessSettings;
  authenticator: Authenticator;
  /** Absent where no git host is asked. */
  hostRights: HostRights | undefined;
}

export interface AccessOptions {
  log: Pick<Logger, 'error' | 'info'>;
  /** Reads a JSON document of an issuer. Absent where issuers are not asked: then their tokens prove nothing. */
  fetchJson?: (url: string) => Promise<unknown>;
  /** Who judges in place of rules, among the hosts of `scope`. Absent where git hosts are not asked (in a worker). */
  judgeOf?: (module: string | undefined, scope: GitHostScope) => Promise<Judge | undefined>;
}

export class Access {
  readonly #options: AccessOptions;
  #written: string;
  #state: AccessState | undefined;
  #error: ModhavenError | undefined;
  #wanted: string[] = [];

  /** Throws CONFIG for files that cannot be used. */
  constructor(settings: AuthSettings | undefined, options: AccessOptions) {
    this.#options = options;
    this.#written = JSON.stringify(settings);
    this.#state = settings && this.#open(settings);
  }

  /** Undefined: everybody may read everything. */
  get state(): AccessState | undefined {
    return this.#state;
  }

  /** Files to be watched: also those of settings that could not be taken over, which may be there later. */
  files(): string[] {
    return [...new Set([...(this.#state?.authenticator.files() ?? []), ...this.#wanted])];
  }

  /** What is wrong with the settings or files on disk, in words. */
  errors(): string[] {
    const errors = [...(this.#error ? [this.#error] : []), ...(this.#state?.authenticator.errors() ?? [])];
    return errors.map(({ message }) => message);
  }

  /** Takes over new settings, or reads the files again. */
  update(settings: AuthSettings | undefined): void {
    const written = JSON.stringify(settings);
    this.#wanted = [];
    if (written === this.#written) {
      this.#error = undefined; // of settings that were taken back
      this.#state?.authenticator.reload();
      return;
    }
    try {
      this.#state = settings && this.#open(settings);
      this.#written = written;
      this.#error = undefined;
    } catch (error) {
      if (!isModhavenError(error)) throw error;
      this.#error = error;
      this.#wanted = filesOf(settings);
      this.#state?.authenticator.reload(); // a right that is taken away there does not wait for the settings
      this.#options.log.error({ error: error.message }, 'auth stays as it was');
    }
  }

  #open(settings: AuthSettings): AccessState {
    const { fetchJson, log } = this.#options;
    const issuers =
      fetchJson === undefined
        ? []
        : settings.issuers.map((issuer) => new OidcIssuer({ settings: issuer, fetchJson }));
    return {
      settings: { ...settings, rules: settings.rules.map(ruleOf), gitHost: settings.gitHost !== undefined },
      authenticator: new Authenticator({ ...settings, issuers, log }),
      hostRights: this.#hostRights(settings),
    };
  }

  #hostRights({ gitHost: scope, gitHostTtlMs }: AuthSettings): HostRights | undefined {
    const { judgeOf } = this.#options;
    if (scope === undefined || judgeOf === undefined) return undefined;
    return new HostRights({ judgeOf: (module) => judgeOf(module, scope), ttlMs: () => gitHostTtlMs });
  }
}

function filesOf(settings: AuthSettings | undefined): string[] {
  const { htpasswdFile, groupsFile, tokensFile } = settings ?? {};
  return [htpasswdFile, groupsFile, tokensFile].filter((file) => file !== undefined);
}

function ruleOf({ modules, allow }: AuthSettings['rules'][number]): AccessSettings['rules'][number] {
  const subjects = allow.flatMap((word) => parseSubject(word) ?? []);
  const rule = readRule(modules, subjects);
  if (rule === undefined || subjects.length !== allow.length) {
    throw new ModhavenError('CONFIG', `a rule of auth cannot be read: ${modules}`);
  }
  return rule;
}
