/**
 * The login a request carries (RFC 7617, Basic; RFC 6750, Bearer). Pure.
 *
 * The go command sends what `~/.netrc` or GOAUTH says, over https only: Basic for a netrc line, any header for a GOAUTH
 * command (Go Modules Reference, "Authenticating"; `go help goauth`).
 */

/** What a request says about its sender. Neither part is to be believed, logged or kept in the clear. */
export type Login =
  | { kind: 'basic'; user: string; password: string }
  /** A token or a JWT without a user name. */
  | { kind: 'bearer'; token: string };

/** Longest header that is read, in characters: JWTs of CI systems take about 2,000. */
const MAX_HEADER = 16 * 1024;

/** The login in an `Authorization` header; undefined without one, `malformed` for anything that is neither scheme. */
export function parseAuthorization(header: string | undefined): Login | 'malformed' | undefined {
  if (header === undefined) return undefined;
  if (header.length > MAX_HEADER) return 'malformed';
  const [, scheme = '', value = ''] = /^([A-Za-z]+) +([^\s]+) *$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { kind: 'bearer', token: value };
    case 'basic': {
      const text = decodeBasic(value);
      const colon = text?.indexOf(':') ?? -1;
      if (text === undefined || colon < 0) return 'malformed';
      return { kind: 'basic', user: text.slice(0, colon), password: text.slice(colon + 1) };
    }
    default:
      return 'malformed';
  }
}

/** The secret of a login: what a token or a JWT would be. */
export function secretOf(login: Login): string {
  return login.kind === 'bearer' ? login.token : login.password;
}

function decodeBasic(value: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'));
  } catch {
    return undefined;
  }
}
