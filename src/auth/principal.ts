/** The sender of a request, as far as that is proved. */

export interface Principal {
  /**
   * How it is known: `anyone` sent no login, or one that proves nothing; `user` is in the htpasswd file; `token` is in
   * the tokens file; `oidc` showed a signed JWT of a configured issuer; `git-host` has a login that a git host did not
   * refuse.
   */
  readonly kind: 'anyone' | 'user' | 'token' | 'oidc' | 'git-host';
  /** For people, logs and `user:NAME` of a rule; '' for `anyone`. */
  readonly name: string;
  readonly groups: ReadonlySet<string>;
}

/** The principal of a request without a login. */
export const ANYONE: Principal = { kind: 'anyone', name: '', groups: new Set() };

/** Whether something proved who it is. */
export function isAuthenticated(principal: Principal): boolean {
  return principal.kind !== 'anyone';
}
