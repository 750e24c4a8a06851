/** Text and numbers as the formats of checksum databases write them. Pure. */
import { ModhavenError } from '../../errors.js';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes of standard base64 with padding; undefined for anything else, which `Buffer.from` would guess at. */
export function decodeBase64(text: string): Buffer | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** The text of UTF-8 bytes, a byte-order mark kept; undefined if they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Largest tree that is dealt with: beyond, the numbers of stored hashes would not be exact any more. */
const MAX_SIZE = 2 ** 48;

/** A number of records in its one decimal form; undefined for anything else, or for more than any tree holds. */
export function parseCount(text: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const count = Number(text);
  return count <= MAX_SIZE ? count : undefined;
}

/** The error for data of a checksum database that is not what the format says. */
export function malformed(what: string): ModhavenError {
  return new ModhavenError('CHECKSUM_DATABASE', `malformed ${what}`);
}
