/**
 * The form in which an answer that may change (a list, `@latest`, a branch) is kept: a line with the SHA-256 of its path and
 * of itself, and the answer. Without it a list that was cut, emptied or that of another module looks like a list, and its
 * versions would be gone for every client. Pure.
 */
import { createHash } from 'node:crypto';
import { decodeInfo } from '../module/info.js';
import { formatVersionList, parseVersionList } from '../module/version-list.js';

/** `# sha256 ` and the digest in base64url: what reads lists passes over such a line. */
const HEADER = /^# sha256 ([\w-]{43})\n/;
const HEADER_BYTES = '# sha256 \n'.length + 43;

/** What is written down of the answer for `path` (as in the GOPROXY protocol). */
export function encodeAnswer(path: string, answer: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`# sha256 ${digestOf(path, answer)}\n`), answer]);
}

/**
 * The answer for `path` that `encodeAnswer` made `kept` of; undefined if it is not what was
 * kept. Earlier programs kept the answer alone: that is taken if it is a whole `.info`, or a list with a version.
 */
export function decodeAnswer(path: string, kept: Buffer): Buffer | undefined {
  const digest = HEADER.exec(kept.toString('latin1', 0, HEADER_BYTES))?.[1];
  if (digest === undefined) return isAnswer(path, kept) ? kept : undefined;
  const answer = kept.subarray(HEADER_BYTES);
  return digestOf(path, answer) === digest ? answer : undefined;
}

function digestOf(path: string, answer: Buffer): string {
  return createHash('sha256').update(`${path}\n`).update(answer).digest('base64url');
}

function isAnswer(path: string, bytes: Buffer): boolean {
  if (path.endsWith('/@v/list')) {
    return bytes.length > 0 && formatVersionList(parseVersionList(bytes)).equals(bytes);
  }
  try {
    decodeInfo(bytes);
    return true;
  } catch {
    return false;
  }
}
