/**
 * Makes text from outside (git, ssh, a host, an error) fit to be shown.
 *
 * Two dangers: credentials inside URLs, headers and settings; and characters that are neither graphic nor space, for
 * which the go command drops the whole text (cmd/go/internal/web, formatErrorDetail) and which can rewrite a terminal.
 * The latter go first: they could split a credential. Every pattern is bounded, because a host chooses the text and
 * must not choose how long we look at it.
 */

/** `text` without credentials, and with no characters but graphic ones, spaces and line ends. */
export function redact(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n')
      // eslint-disable-next-line no-control-regex -- removing them is the point
      .replace(/\u001b\[[0-9;?]{0,32}[A-Za-z]/g, '')
      .replace(/[\t\v\f\u0085\u2028\u2029]/g, ' ')
      .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n]/gu, '')
      // Of http URLs everything before @: forges take tokens as user names, too. A password may hold an @, and where
      // no port number follows the colon, even a slash.
      .replace(/(https?:\/\/)[^\s/]{0,512}@/gi, '$1***@')
      .replace(/(https?:\/\/)[^\s/@:]{0,256}:(?!\d{1,5}(?:[/\s"']|$))[^\s"']{0,512}@/gi, '$1***@')
      // Elsewhere the user name is no secret (ssh://git@host).
      .replace(/([a-z][a-z0-9+.-]{0,31}:\/\/[^\s/@:]{0,256}):[^\s/]{0,512}@/gi, '$1:***@')
      .replace(/(authorization["']?\s{0,8}[:=]\s{0,8}["']?(?:[a-z]{1,20}\s{1,8})?)[^\s"',]+/gi, '$1***')
      .replace(
        /\b((?:bearer|basic|token)\s{1,8})(?=[^\s\d=+/_]{0,512}[\d=+/_])[A-Za-z0-9%+/=._~-]{8,}/gi,
        '$1***',
      )
      .replace(SETTING, '$1***')
      .replace(FORGE_TOKEN, '***')
  );
}

/** `password=x`, `"private_token": "x"`, `&token=x`; not the `token: x` of a parser's complaint. */
const SETTING = new RegExp(
  '((?:(?:private|access|refresh|job|auth|oauth|deploy)[-_]?token|api[-_]?key|passw(?:or)?d|passphrase|secret)' +
    `["']?\\s{0,8}[=:]\\s{0,8}|token["']?=)(?:"[^"\\n]+"|'[^'\\n]+'|[^\\s&"',;]+)`,
  'gi',
);

/** Tokens that GitLab, GitHub and Slack mark as such. */
const FORGE_TOKEN =
  /\b(?:gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|ffct)-|gloas-|gh[oprsu]_|github_pat_|xox[abprs]-)[A-Za-z0-9_.-]{10,}/g;

/** One line, at most `max` characters, fit to be shown. */
export function redactLine(text: string, max = 200): string {
  const line = redact(text).replace(/\s+/g, ' ').trim();
  // Half a surrogate pair is no character.
  return line.length <= max ? line : `${line.slice(0, max - 3).replace(/[\ud800-\udbff]$/, '')}...`;
}
