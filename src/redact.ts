/**
 * Makes text from outside (git, ssh, a host, an error) fit to be shown.
 *
 * Two dangers: credentials inside URLs or headers, and control characters, which the go command answers by dropping
 * the whole text (and which can rewrite a terminal). Control characters go first: they could split a pattern below.
 */

/** `text` without credentials and without control characters other than line ends. */
export function redact(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n')
      // eslint-disable-next-line no-control-regex -- removing them is the point
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
      // user:password@ and token@ in URLs; a bare user name before @ (git@host) is no secret
      .replace(/\b([a-z][a-z0-9+.-]*:\/\/)([^\s/@:]*):[^\s/@]*@/gi, '$1$2:***@')
      .replace(/\b(https?:\/\/)[^\s/@:]+@/gi, '$1***@')
      .replace(/\b(authorization:\s*\S+\s+|(?:bearer|basic|token)\s+)[A-Za-z0-9+/=._~-]{8,}/gi, '$1***')
      .replace(/\b((?:private[-_]?token|access[-_]?token|password|secret)[=:]\s*)[^\s&]+/gi, '$1***')
  );
}

/** One line, at most `max` characters, fit to be shown. */
export function redactLine(text: string, max = 200): string {
  const line = redact(text).replace(/\s+/g, ' ').trim();
  return line.length <= max ? line : `${line.slice(0, max - 3)}...`;
}
