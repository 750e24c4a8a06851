/** The text of `@v/list` (Go Modules Reference, GOPROXY protocol): one version a line. Pure. */
import { isCanonicalVersion, type CanonicalVersion } from './version.js';

/** The versions in the text of a list. Some proxies add times to the lines; lines without a canonical version are skipped. */
export function parseVersionList(text: Buffer): CanonicalVersion[] {
  const versions: CanonicalVersion[] = [];
  for (const word of wordsOf(text)) if (isCanonicalVersion(word)) versions.push(word);
  return versions;
}

/** The first word of each line, one after the other: a text may be millions of empty lines. */
function* wordsOf(text: Buffer): Generator<string> {
  for (let at = 0; at < text.length;) {
    const found = text.indexOf(NEWLINE, at);
    const end = found < 0 ? text.length : found;
    yield end === at ? '' : (text.toString('utf8', at, end).trim().split(/\s/, 1)[0] ?? '');
    at = end + 1;
  }
}

const NEWLINE = 0x0a;

/** The versions of texts, and the texts of versions, that are still in use. */
const parsed = new WeakMap<Buffer, CanonicalVersion[]>();
const formatted = new WeakMap<readonly CanonicalVersion[], Buffer>();

/**
 * The same as `parseVersionList`, computed once for each text, because a list may be asked for often; in steps, a line each,
 * because it may be so long that others should get their turn between them. The result is not to be changed.
 */
export function* versionsInList(text: Buffer): Generator<undefined, CanonicalVersion[]> {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const versions: CanonicalVersion[] = [];
  for (const word of wordsOf(text)) {
    if (isCanonicalVersion(word)) versions.push(word);
    yield undefined;
  }
  parsed.set(text, versions);
  return versions;
}

/** The text of a list of canonical versions, computed once: neither is to be changed afterwards. */
export function formatVersionList(versions: CanonicalVersion[]): Buffer {
  let text = formatted.get(versions);
  if (text === undefined) {
    text = Buffer.from(versions.map((version) => `${version}\n`).join(''));
    parsed.set(text, versions);
    formatted.set(versions, text);
  }
  return text;
}
