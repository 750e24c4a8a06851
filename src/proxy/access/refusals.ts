/**
 * What is said to a request that may not be answered. The text depends on the request and the principal alone, never on
 * whether what was asked for exists; `go` shows it to the developer.
 */
import type { Principal } from '../../auth/principal.js';
import { ModhavenError } from '../../errors.js';
import { redactLine } from '../../redact.js';
import type { Refusal } from '../gate.js';
import { failureReply } from '../http/http-errors.js';

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
const CHALLENGE = { ...TEXT, 'www-authenticate': 'Basic realm="modhaven"' };

const REASONS = { none: 'login-needed', wrong: 'login-wrong', ended: 'login-ended' } as const;

/** 401: there is no login, or one that proves nothing. `publicUrl` is how developers reach this server. */
export function loginNeeded(publicUrl: string, why: 'none' | 'wrong' | 'ended'): Refusal {
  const { host, protocol } = new URL(publicUrl);
  const first = {
    none: 'unauthorized: this needs a login',
    wrong: 'unauthorized: the login is wrong',
    ended: 'unauthorized: the token has expired or was revoked',
  }[why];
  const lines = [
    first,
    'put this line into ~/.netrc (on Windows: %USERPROFILE%\\_netrc), with your own name and token:',
    `machine ${host} login NAME password TOKEN`,
    `tokens come from the admin of ${host}`,
  ];
  if (protocol === 'http:') {
    lines.push('go sends logins over https only, and this server is reached over http');
  }
  return { reason: REASONS[why], refusedWith: 401, headers: CHALLENGE, body: `${lines.join('\n')}\n` };
}

/** 403: the principal is known and has no right to this. */
export function forbidden(publicUrl: string, principal: Principal, subject: string): Refusal {
  const { host } = new URL(publicUrl);
  const who = principal.kind === 'anyone' ? 'you' : redactLine(principal.name, 100);
  return {
    reason: 'forbidden',
    refusedWith: 403,
    headers: TEXT,
    body: `forbidden: ${who} may not read ${subject}\nask the admin of ${host} for the right to read it\n`,
  };
}

/**
 * 403: a web server in front asks about a path that it may read in another way than we do. It then sends the request on, and
 * the caller is told what is wrong with it.
 */
export function unclearPath(): Refusal {
  return {
    reason: 'forbidden',
    refusedWith: 403,
    headers: TEXT,
    body: 'forbidden: no right to a malformed path can be decided\n',
  };
}

/**
 * 502 or 504: the issuer of the login, or the git host that decides, could not be asked; 503: too many wait. The text names
 * neither host nor repository: those are nothing that a caller without a right should learn.
 */
export function cannotDecide(error: ModhavenError, publicUrl: string): Refusal {
  const { host } = new URL(publicUrl);
  const isBusy = error.code === 'OVERLOADED';
  const code = isBusy || error.code === 'HOST_TIMEOUT' ? error.code : 'HOST_UNREACHABLE';
  const shown = new ModhavenError(code, 'your right to read this cannot be checked now', {
    reason: isBusy
      ? 'too many logins wait to be checked'
      : 'the host that knows your login did not answer as it should',
    remedy: `try again in a moment; if it stays so, tell the admin of ${host}: the log of the server says what is wrong`,
  });
  const { status, headers, body } = failureReply(shown);
  return { reason: 'undecided', refusedWith: status, headers, body };
}

/** 429: too many wrong logins came from one address. */
export function tooManyGuesses(retryAfter: number): Refusal {
  return {
    reason: 'guessing',
    refusedWith: 429,
    headers: { ...TEXT, 'retry-after': String(retryAfter) },
    body: `too many wrong logins from your address\ncorrect the login in ~/.netrc and try again in ${retryAfter} s\n`,
  };
}
