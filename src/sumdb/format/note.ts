/**
 * Signed notes, the form in which a checksum database signs its tree (package golang.org/x/mod/sumdb/note). Pure.
 *
 *     text, one or more lines
 *
 *     — NAME BASE64(key hash, 4 bytes big-endian; signature)
 *
 * Keys are one line each, safe to paste; the first byte of their bytes names the algorithm, and 1 is Ed25519:
 *
 *     verifier    NAME+HASH+BASE64(1, public key)
 *     signer      PRIVATE+KEY+NAME+HASH+BASE64(1, seed)
 *
 * HASH is the key hash in hex: the first 4 bytes of SHA-256(NAME, line feed, 1, public key).
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { decodeBase64, decodeUtf8, malformed } from './encoding.js';

/** A public key and whose it is. */
export interface Verifier {
  name: string;
  keyHash: number;
  /** As developers write it into GOSUMDB. */
  text: string;
  /** Whether `signature` (64 bytes) is one of `message`. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface Signer {
  /** Its public half. */
  verifier: Verifier;
  sign(message: Uint8Array): Buffer;
}

export interface Signature {
  name: string;
  keyHash: number;
  base64: string;
}

export interface Note {
  /** Ends with a line feed. */
  text: string;
  /** By keys that are known; never empty. */
  signatures: Signature[];
  /** By others: not looked at. */
  unverified: Signature[];
}

const ED25519 = 1;
const KEY_BYTES = 32;
/** DER of a PKCS #8 private key (RFC 8410), up to the 32 bytes of the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SIGNATURE_PREFIX = '\u2014 ';
/** No database has more signatures than that on one note; a larger number is refused. */
const MAX_SIGNATURES = 100;
// eslint-disable-next-line no-control-regex -- refusing them is the point
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** Whether `name` can name a key: no white space, no plus sign. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}+]/u.test(name);
}

/** Throws CHECKSUM_DATABASE for what is not a verifier key. */
export function parseVerifierKey(text: string): Verifier {
  const { name, keyHash, key } = splitKey(text, 'verifier key');
  if (keyHash !== hashOfKey(name, key)) throw malformed('verifier key: its hash is of another key');
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') },
    format: 'jwk',
  });
  return verifierOf(name, publicKey);
}

/** Throws CHECKSUM_DATABASE for what is not a signer key. The key is in no message. */
export function parseSignerKey(text: string): Signer {
  if (!text.startsWith('PRIVATE+KEY+')) throw malformed('signer key: it does not begin with PRIVATE+KEY+');
  const { name, keyHash, key } = splitKey(text.slice('PRIVATE+KEY+'.length), 'signer key');
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, key]),
    format: 'der',
    type: 'pkcs8',
  });
  const verifier = verifierOf(name, createPublicKey(privateKey));
  if (verifier.keyHash !== keyHash) throw malformed('signer key: its hash is of another key');
  return { verifier, sign: (message) => sign(null, message, privateKey) };
}

/** A new key pair for the database `name`. Throws CHECKSUM_DATABASE if that is not a valid name. */
export function generateKey(name: string): { signerKey: string; verifierKey: string } {
  if (!isKeyName(name)) throw malformed('name of a key: it holds white space or a plus sign, or is empty');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { keyHash, text } = verifierOf(name, publicKey);
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  return { signerKey: `PRIVATE+KEY+${formatKey(name, keyHash, seed)}`, verifierKey: text };
}

/**
 * Reads a note and checks the signatures by `verifiers`. Throws CHECKSUM_DATABASE if it is not a note, if one of these
 * signatures is wrong, or if there is none.
 */
export function openNote(message: Uint8Array, verifiers: readonly Verifier[]): Note {
  const whole = decodeUtf8(message);
  const split = whole?.lastIndexOf('\n\n') ?? -1;
  if (whole === undefined || split < 0 || CONTROL.test(whole)) throw malformed('note');
  const text = whole.slice(0, split + 1);
  const lines = whole.slice(split + 2).split('\n');
  if (lines.length < 2 || lines.pop() !== '' || lines.length > MAX_SIGNATURES) throw malformed('note');
  const note: Note = { text, signatures: [], unverified: [] };
  const seen = new Set<string>();
  for (const line of lines) {
    const { signature, bytes } = parseSignature(line);
    const verifier = findVerifier(verifiers, signature);
    const identity = verifier === undefined ? line : `${signature.name} ${signature.keyHash}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    if (verifier === undefined) note.unverified.push(signature);
    else if (verifier.verify(Buffer.from(text), bytes)) note.signatures.push(signature);
    else throw malformed(`note: the signature of ${keyId(signature)} is wrong`);
  }
  if (note.signatures.length === 0) {
    const signers = note.unverified.map(keyId).join(', ');
    throw malformed(`note: it is signed by ${signers}, not by ${verifiers.map(keyId).join(' or ')}`);
  }
  return note;
}

/** `text`, which ends with a line feed, with a signature below it. */
export function signNote(text: string, signer: Signer): Buffer {
  if (!text.endsWith('\n') || CONTROL.test(text)) throw malformed('note');
  const hash = Buffer.alloc(4);
  hash.writeUInt32BE(signer.verifier.keyHash);
  const signature = Buffer.concat([hash, signer.sign(Buffer.from(text))]).toString('base64');
  return Buffer.from(`${text}\n${SIGNATURE_PREFIX}${signer.verifier.name} ${signature}\n`);
}

function splitKey(text: string, what: string): { name: string; keyHash: number; key: Buffer } {
  const [, name = '', hash = '', base64 = ''] = /^([^+]+)\+([0-9A-Fa-f]{8})\+(.+)$/s.exec(text) ?? [];
  const bytes = decodeBase64(base64);
  if (!isKeyName(name) || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519) throw malformed(what);
  return { name, keyHash: Number.parseInt(hash, 16), key: bytes.subarray(1) };
}

function verifierOf(name: string, publicKey: KeyObject): Verifier {
  const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const keyHash = hashOfKey(name, key);
  return {
    name,
    keyHash,
    text: formatKey(name, keyHash, key),
    verify: (message, signature) => verify(null, message, publicKey, signature),
  };
}

function hashOfKey(name: string, key: Buffer): number {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.from([ED25519]))
    .update(key)
    .digest()
    .readUInt32BE();
}

function formatKey(name: string, keyHash: number, key: Buffer): string {
  const base64 = Buffer.concat([Buffer.from([ED25519]), key]).toString('base64');
  return `${name}+${hex(keyHash)}+${base64}`;
}

function parseSignature(line: string): { signature: Signature; bytes: Buffer } {
  const [, name = '', base64 = ''] = /^\u2014 ([^ ]*) (.*)$/s.exec(line) ?? [];
  const bytes = decodeBase64(base64);
  if (!isKeyName(name) || bytes === undefined || bytes.length < 5) throw malformed('note');
  return { signature: { name, keyHash: bytes.readUInt32BE(), base64 }, bytes: bytes.subarray(4) };
}

function findVerifier(verifiers: readonly Verifier[], { name, keyHash }: Signature): Verifier | undefined {
  const found = verifiers.filter((verifier) => verifier.name === name && verifier.keyHash === keyHash);
  if (found.length > 1) throw malformed(`list of keys: ${keyId({ name, keyHash })} is ambiguous`);
  return found[0];
}

function keyId({ name, keyHash }: Pick<Signature, 'name' | 'keyHash'>): string {
  return `${name}+${hex(keyHash)}`;
}

function hex(keyHash: number): string {
  return keyHash.toString(16).padStart(8, '0');
}
