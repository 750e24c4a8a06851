/**
 * The secrets in use, known by value: what a git host, a proxy or a tool repeats of them is struck from every text that
 * is logged, answered or shown (`redact.ts`), whatever stands around it.
 *
 * A secret is found plain, in the spellings of URLs, JSON and HTML, and inside of base64, where `user:token` of an
 * `Authorization` header hides it. One that could be an ordinary word is struck only where it stands alone: a module
 * called like a bad password stays readable.
 */

/** Values that are remembered; those of callers come and go. */
const MAX_SECRETS = 400;
/** A shorter value is not struck out: that would strike texts that are not the secret, too. */
const MIN_LENGTH = 4;
/** A shorter one is struck only where it stands alone. */
const STRONG_LENGTH = 6;
/** Longer values are files, not secrets. */
const MAX_LENGTH = 8_192;
/** Characters of base64 that are unlikely to be there by chance. */
const MIN_BASE64 = 8;

/** In the order of their last use. */
const known = new Set<string>();
let pattern: RegExp | undefined;

/** Remembers a secret that is in use from now on. */
export function noteSecret(secret: string | undefined): void {
  const value = secret?.trim() ?? '';
  if (value.length < MIN_LENGTH || value.length > MAX_LENGTH) return;
  if (!known.delete(value)) pattern = undefined;
  known.add(value);
  if (known.size <= MAX_SECRETS) return;
  const [oldest] = known;
  if (oldest !== undefined) known.delete(oldest);
}

/** For tests, which share a process: a secret of one must not be struck from the texts of the next. */
export function forgetSecrets(): void {
  known.clear();
  pattern = undefined;
}

/** Whether `text` as a whole is a secret that is in use. */
export function isSecret(text: string): boolean {
  return known.has(text.trim());
}

/** `text` with `***` in place of every secret that is known. */
export function strikeSecrets(text: string): string {
  if (known.size === 0 || text.length < MIN_LENGTH) return text;
  pattern ??= patternOf([...known]);
  return text.replace(pattern, '***');
}

function patternOf(secrets: readonly string[]): RegExp {
  const alternatives = new Set(secrets.flatMap(alternativesFor));
  // Of two that begin alike the longer one is struck.
  return new RegExp([...alternatives].sort((a, b) => b.length - a.length).join('|'), 'g');
}

/** Patterns for the forms of a secret. */
function alternativesFor(secret: string): string[] {
  const isWord = secret.length < STRONG_LENGTH || /^[a-z]{1,15}$/.test(secret);
  const plain = spellings(secret).map(escapePattern);
  const shown = isWord ? plain.map((form) => String.raw`(?<![\w./~@-])${form}(?![\w./~-])`) : plain;
  return [...shown, ...base64Parts(secret).map((part) => `${escapePattern(part)}[\\w+/=-]{0,4}`)];
}

/** What programs make of a value: percent-encoding in its varieties, JSON, HTML. */
function spellings(secret: string): string[] {
  const encoded = isWellFormed(secret) ? encodeURIComponent(secret) : secret;
  const strict = encoded.replace(/[!'()*]/g, (character) => `%${hexOf(character)}`);
  const urls = [encoded, strict, strict.replaceAll('%20', '+')];
  const html = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    ...new Set([
      secret,
      secret.replace(/\s/g, ' '),
      ...urls,
      ...urls.map((url) => url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
      JSON.stringify(secret).slice(1, -1),
      html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
      html.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    ]),
  ];
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase();
}

/**
 * What stands for the secret in the base64 of any text that holds it: three bytes are four characters, so there are three
 * ways, each without the characters that it shares with what stands before and behind it.
 */
function base64Parts(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const parts = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const both = parts.flatMap((part) => [part, part.replaceAll('+', '-').replaceAll('/', '_')]);
  return [...new Set(both)].filter((part) => part.length >= MIN_BASE64);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
