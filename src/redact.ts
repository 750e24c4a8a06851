/**
 * Makes text from outside (git, ssh, a host, an error) fit to be shown.
 *
 * Two dangers: credentials inside URLs, headers and settings; and characters that are neither graphic nor space, for
 * which the go command drops the whole text (cmd/go/internal/web, formatErrorDetail) and which can rewrite a terminal.
 * The latter go first: they could split a credential. Secrets that are known (`secrets.ts`) are struck wherever they
 * stand; the patterns here find those that are not. Every pattern is bounded, because a host chooses the text and
 * must not choose how long we look at it.
 */
import { strikeSecrets } from './secrets.js';

/** `text` without credentials, and with no characters but graphic ones, spaces and line ends. */
export function redact(text: string): string {
  return (
    strikeSecrets(cleaned(text))
      // Of http URLs everything before @: forges take tokens as user names, too. A password may hold an @, and where
      // no port number follows the colon, even a slash.
      .replace(/(https?:\/\/)[^\s/]{0,512}@/gi, '$1***@')
      .replace(/(https?:\/\/)[^\s/@:]{0,256}:(?!\d{1,5}(?:[/\s"']|$))[^\s"']{0,512}@/gi, '$1***@')
      // Elsewhere the user name is not a secret (ssh://git@host).
      .replace(/([a-z][a-z0-9+.-]{0,31}:\/\/[^\s/@:]{0,256}):[^\s/]{0,512}@/gi, '$1:***@')
      .replace(AUTHORIZATION, '$1***')
      .replace(BESIDE_SCHEME, '$1***')
      .replace(ASSIGNED, '$1***')
      .replace(SET, '$1***')
      .replace(FORGE_TOKEN, '***')
  );
}

/** `text` with no characters but graphic ones, spaces and line ends. */
function cleaned(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n')
      // eslint-disable-next-line no-control-regex -- removing them is the point
      .replace(/\u001b\[[0-9;?]{0,32}[A-Za-z]/g, '')
      .replace(/[\t\v\f\u0085\u2028\u2029]/g, ' ')
      .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n]/gu, '')
  );
}

/** Behind a word that is not part of a path: modules are called `corp.test/go/secret`, too. */
const NOT_IN_PATH = String.raw`(?<!\/[\w.~@-]{0,150})`;

const AUTHORIZATION = new RegExp(
  `(authorization${NOT_IN_PATH}["']?\\s{0,8}[:=]\\s{0,8}["']?(?:[a-z]{1,20}\\s{1,8})?)[^\\s"',]+`,
  'gi',
);

const BESIDE_SCHEME = new RegExp(
  `\\b((?:bearer|basic|token)${NOT_IN_PATH}\\s{1,8})(?=[^\\s\\d=+/_]{0,512}[\\d=+/_])[A-Za-z0-9%+/=._~-]{8,}`,
  'gi',
);

const NAMES =
  '(?:private|access|refresh|job|auth|oauth|deploy)[-_]?token|api[-_]?key|passw(?:or)?d|passphrase|secret';
const VALUE = `(?:"[^"\\n]+"|'[^'\\n]+'|[^\\s&"',;]+)`;

/** `password=x`, `&token=x`. */
const ASSIGNED = new RegExp(`((?:(?:${NAMES})["']?\\s{0,8}=\\s{0,8}|token["']?=))${VALUE}`, 'gi');

/** `"private_token": "x"`; not the `token: x` of a parser's complaint, nor what is said of `corp.test/go/secret: `. */
const SET = new RegExp(`((?:${NAMES})${NOT_IN_PATH}["']?\\s{0,8}:\\s{0,8})${VALUE}`, 'gi');

/** Tokens that GitLab, GitHub and Slack mark as such. */
const FORGE_TOKEN =
  /\b(?:gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|ffct)-|gloas-|gh[oprsu]_|github_pat_|xox[abprs]-)[A-Za-z0-9_.-]{10,}/g;

/** One line, at most `max` characters, fit to be shown. */
export function redactLine(text: string, max = 200): string {
  const line = redact(text).replace(/\s+/g, ' ').trim();
  // Half a surrogate pair is not a character.
  return line.length <= max ? line : `${line.slice(0, max - 3).replace(/[\ud800-\udbff]$/, '')}...`;
}

/** A value with every string in it fit to be shown; errors are left as they are. */
export function redactDeep(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactDeep);
  if (value === null || typeof value !== 'object' || value instanceof Error || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, redactDeep(field)]));
}
