/** The text of `@v/list` (Go Modules Reference, GOPROXY protocol): one version a line. Pure. */
import { isCanonicalVersion, type CanonicalVersion } from './version.js';

/** The versions in the text of a list. Some proxies add times to the lines; lines without a canonical version are skipped. */
export function parseVersionList(text: Buffer): CanonicalVersion[] {
  const lines = text.toString('utf8').split('\n');
  return lines.map((line) => line.trim().split(/\s/, 1)[0] ?? '').filter(isCanonicalVersion);
}

/** The versions of texts, and the texts of versions, that are still in use. */
const parsed = new WeakMap<Buffer, CanonicalVersion[]>();
const formatted = new WeakMap<readonly CanonicalVersion[], Buffer>();

/** The same, computed once for each text: a list may be long, and is asked for often. The result is not to be changed. */
export function versionsInList(text: Buffer): CanonicalVersion[] {
  let versions = parsed.get(text);
  if (versions === undefined) {
    versions = parseVersionList(text);
    parsed.set(text, versions);
  }
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
