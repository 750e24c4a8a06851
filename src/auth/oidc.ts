/**
 * Identities of CI jobs: JSON Web Tokens that an OpenID Connect issuer signed (RFC 7519; OpenID Connect Discovery 1.0).
 *
 * The keys of an issuer are fetched when a token names one that is not known, and again once they are old. While an
 * issuer cannot be asked, tokens whose key is known are still accepted.
 */
import type { createLocalJWKSet, JSONWebKeySet, JWTPayload } from 'jose';
import { z } from 'zod';
import { ModhavenError, errorMessage } from '../errors.js';
import type { Principal } from './principal.js';

export interface OidcSettings {
  /** As in the `iss` claim. */
  issuer: string;
  audience: string;
  /** Templates of group names; `{claim}` stands for a claim of the token. */
  groups: readonly string[];
}

export interface OidcOptions {
  settings: OidcSettings;
  /** Reads a JSON document of the issuer, bounded in bytes and time. */
  fetchJson: (url: string) => Promise<unknown>;
  /** Milliseconds of a monotonic clock. Default: that of this process. */
  now?: () => number;
}

/** Signatures that only the holder of a private key can make. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** By how many seconds the clocks of issuer and server may differ. */
const CLOCK_SKEW = 60;
/** Keys older than this are fetched again in the background, so that one that was withdrawn is forgotten. */
const REFRESH_MS = 10 * 60_000;
/** How often a token with an unknown key may make the server ask the issuer. */
const COOLDOWN_MS = 10_000;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const Header = z.object({ kid: z.string().optional() });
const Claims = z.object({ iss: z.string().optional() });
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })) });

interface Keys {
  set: ReturnType<typeof createLocalJWKSet>;
  ids: ReadonlySet<string>;
}

/** One issuer whose tokens count. */
export class OidcIssuer {
  readonly issuer: string;
  readonly #options: OidcOptions;
  readonly #now: () => number;
  #keys: Keys | undefined;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;
  #failure: unknown;

  constructor(options: OidcOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.issuer = options.settings.issuer;
  }

  /**
   * The principal of a token; `ended` for one that was good and has expired, undefined for one that proves nothing.
   * Throws HOST_UNREACHABLE while its key is not known and the issuer cannot be asked.
   */
  async verify(token: string): Promise<Principal | 'ended' | undefined> {
    const { errors, jwtVerify } = await import('jose');
    const keys = await this.#keysFor(headerOf(token)?.kid);
    const { issuer, audience } = this.#options.settings;
    try {
      const { payload } = await jwtVerify(token, keys.set, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW,
        requiredClaims: ['sub', 'exp'],
      });
      return this.#principalOf(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'ended';
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #principalOf(claims: JWTPayload): Principal {
    const groups = this.#options.settings.groups.flatMap((template) => fillIn(template, claims));
    return { kind: 'oidc', name: claims.sub ?? '', groups: new Set(groups) };
  }

  async #keysFor(id: string | undefined): Promise<Keys> {
    const known = this.#keys;
    const age = this.#now() - this.#askedAt;
    const isKnown = known !== undefined && (id === undefined || known.ids.has(id));
    if (isKnown && age >= REFRESH_MS) void this.#ask();
    else if (!isKnown && age >= COOLDOWN_MS) await this.#ask();
    else await this.#asking;
    // The issuer may have a new key by now: that its token proves nothing is not known while it does not answer.
    const isUndecided = this.#failure !== undefined && id !== undefined && this.#keys?.ids.has(id) === false;
    if (this.#keys === undefined || isUndecided) {
      throw new ModhavenError('HOST_UNREACHABLE', `the issuer ${this.issuer} cannot be asked for its keys`, {
        reason: errorMessage(this.#failure),
        remedy: 'try again in a moment; if it stays so, tell the admin of the Go proxy',
        cause: this.#failure,
      });
    }
    return this.#keys;
  }

  /** Fetches the keys, once for all who wait. A failure leaves those that are known. */
  #ask(): Promise<void> {
    this.#asking ??= this.#fetchKeys()
      .then(
        (keys) => {
          this.#keys = keys;
          this.#failure = undefined;
        },
        (error: unknown) => {
          this.#failure = error;
        },
      )
      .finally(() => {
        this.#askedAt = this.#now();
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #fetchKeys(): Promise<Keys> {
    const { fetchJson } = this.#options;
    const base = this.issuer.replace(/\/+$/, '');
    const discovery = Discovery.parse(await fetchJson(`${base}/.well-known/openid-configuration`));
    if (discovery.issuer !== this.issuer) {
      throw new Error(`it calls itself ${discovery.issuer}; write "issuer" exactly so`);
    }
    const { keys } = KeySet.parse(await fetchJson(discovery.jwks_uri));
    const { createLocalJWKSet } = await import('jose');
    return {
      set: createLocalJWKSet({ keys } as JSONWebKeySet),
      ids: new Set(keys.flatMap(({ kid }) => kid ?? [])),
    };
  }
}

/** The issuer that a token names, not proved; undefined for what is not a JWT. */
export function issuerOf(token: string): string | undefined {
  return partOf(token, 1, Claims)?.iss;
}

/** The header of a token, not proved. */
function headerOf(token: string): z.infer<typeof Header> | undefined {
  return partOf(token, 0, Header);
}

/** A part of a JWT, read without a key: what it says is not proved. */
function partOf<T>(token: string, index: 0 | 1, schema: z.ZodType<T>): T | undefined {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  const text = Buffer.from(token.split('.', 2)[index] ?? '', 'base64url').toString();
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON
  }
}

/** The group names a template makes: one for each value of a claim that is a list, none where a claim is missing. */
function fillIn(template: string, claims: JWTPayload): string[] {
  let names = [''];
  for (const piece of template.split(/(\{[^{}]*\})/)) {
    const [, claim] = /^\{([^{}]*)\}$/.exec(piece) ?? [];
    const values = claim === undefined ? [piece] : valuesOf(claims[claim]);
    names = names.flatMap((name) => values.map((value) => name + value));
  }
  return names;
}

function valuesOf(claim: unknown): string[] {
  const values: unknown[] = Array.isArray(claim) ? claim : [claim];
  return values.flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [String(value)]
      : [],
  );
}
