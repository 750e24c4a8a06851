/** The text of `@v/list` (Go Modules Reference, GOPROXY protocol): one version a line. Pure. */
import { isCanonicalVersion } from './version.js';

/** The versions in the text of a list. Some proxies add times to the lines; lines without a canonical version are skipped. */
export function parseVersionList(text: Buffer): string[] {
  const lines = text.toString('utf8').split('\n');
  return lines.map((line) => line.trim().split(/\s/, 1)[0] ?? '').filter(isCanonicalVersion);
}

/** The lists of texts that are still in use. */
const parsed = new WeakMap<Buffer, string[]>();

/** The same, computed once for each text: a list may be long, and is asked for often. The result is not to be changed. */
export function versionsInList(text: Buffer): string[] {
  let versions = parsed.get(text);
  if (versions === undefined) {
    versions = parseVersionList(text);
    parsed.set(text, versions);
  }
  return versions;
}

/** The text of a list. */
export function formatVersionList(versions: readonly string[]): Buffer {
  return Buffer.from(versions.map((version) => `${version}\n`).join(''));
}
