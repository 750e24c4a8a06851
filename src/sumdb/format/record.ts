/**
 * Records of a checksum database (package golang.org/x/mod/sumdb/tlog, "Record"). Pure.
 *
 * A record is the go.sum lines of one version. A lookup is answered with the number of the record, the record, an empty
 * line and a signed tree that holds it; a tile of records has them one after the other, each with an empty line.
 */
import { decodeUtf8, malformed, parseCount } from './encoding.js';

/** The hashes of a version, as in go.sum. */
export interface GoSums {
  /** `h1:` hash of the zip. */
  zip: string;
  /** `h1:` hash of go.mod. */
  mod: string;
}

// eslint-disable-next-line no-control-regex -- refusing them is the point
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** The record of a version. */
export function goSumLines(module: string, version: string, { zip, mod }: GoSums): string {
  return `${module} ${version} ${zip}\n${module} ${version}/go.mod ${mod}\n`;
}

/**
 * The hashes that `record` holds for this very version; undefined if it is about another one, lacks one of them, or has
 * two of a kind: a server that answers with something else must not be believed (CVE-2026-42501).
 */
export function sumsIn(record: string, module: string, version: string): GoSums | undefined {
  const lines = record.split('\n');
  const hashOf = (prefix: string) => {
    const found = lines.filter((line) => line.startsWith(prefix));
    return found.length === 1 ? found[0]?.slice(prefix.length - 'h1:'.length) : undefined;
  };
  const zip = hashOf(`${module} ${version} h1:`);
  const mod = hashOf(`${module} ${version}/go.mod h1:`);
  return zip === undefined || mod === undefined ? undefined : { zip, mod };
}

/** The version that a record of ours is about, `module@version`; undefined if it is not one. */
export function subjectOf(record: string): string | undefined {
  const [, module, version] = /^(\S+) (\S+) h1:/.exec(record) ?? [];
  return module === undefined || version === undefined ? undefined : `${module}@${version}`;
}

/** Whether `text` can be a record: lines without control characters, none of them empty. */
export function isRecord(text: string): boolean {
  return text.endsWith('\n') && !text.startsWith('\n') && !text.includes('\n\n') && !CONTROL.test(text);
}

/** The beginning of an answer to a lookup; the signed tree follows it. */
export function formatRecord(number: number, record: string): string {
  if (!isRecord(record)) throw malformed('record');
  return `${number}\n${record}\n`;
}

/** Number, record and what follows it. Throws CHECKSUM_DATABASE. */
export function parseRecord(answer: Buffer): { number: number; record: string; rest: Buffer } {
  const first = answer.indexOf('\n');
  const end = answer.indexOf('\n\n', first + 1);
  const number = parseCount(answer.toString('latin1', 0, Math.max(first, 0)));
  const record = decodeUtf8(answer.subarray(first + 1, end + 1));
  if (first < 0 || end < 0 || number === undefined || record === undefined || !isRecord(record)) {
    throw malformed('answer to a lookup');
  }
  return { number, record, rest: answer.subarray(end + 2) };
}

/** A tile of records. */
export function formatDataTile(records: readonly string[]): string {
  return records.map((record) => `${record}\n`).join('');
}

/** The records of a tile of them. Throws CHECKSUM_DATABASE. */
export function parseDataTile(bytes: Buffer): string[] {
  const text = decodeUtf8(bytes);
  const records = text
    ?.split('\n\n')
    .slice(0, -1)
    .map((lines) => `${lines}\n`);
  if (records === undefined || formatDataTile(records) !== text || !records.every(isRecord)) {
    throw malformed('tile of records');
  }
  return records;
}
