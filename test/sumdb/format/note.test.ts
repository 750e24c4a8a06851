/** Vectors of the format's own tests (golang.org/x/mod/sumdb/note), and what a real database signs. */
import { describe, expect, it } from 'vitest';
import {
  generateKey,
  isKeyName,
  openNote,
  parseSignerKey,
  parseVerifierKey,
  signNote,
} from '../../../src/sumdb/format/note.js';

const VERIFIER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const ENOCH = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const TEXT =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n";
const PETER_SIG =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const ENOCH_SIG =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';

const peter = parseVerifierKey(VERIFIER);
const enoch = parseVerifierKey(ENOCH);

/** Every text that comes of `text` by cutting it, or by changing one character. */
function manglings(text: string): string[] {
  const result: string[] = [];
  for (let from = 0; from <= text.length; from += 1) {
    for (let to = from + 1; to <= text.length; to += 1) {
      if (to - from < text.length) result.push(text.slice(from, to));
    }
  }
  for (let at = 0; at < text.length; at += 1) {
    result.push(text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) + 1) + text.slice(at + 1));
  }
  return result;
}

function accepted(texts: string[], parse: (text: string) => unknown): string[] {
  return texts.filter((text) => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  });
}

describe('keys', () => {
  it('are read, and written again as they were', () => {
    expect(peter).toMatchObject({ name: 'PeterNeumann', keyHash: 0xc74f20a3, text: VERIFIER });
    expect(parseSignerKey(SIGNER).verifier.text).toBe(VERIFIER);
  });

  it('are refused when they are mangled in any way', () => {
    expect(accepted(manglings(VERIFIER), parseVerifierKey)).toEqual([]);
    expect(accepted(manglings(SIGNER), parseSignerKey)).toEqual([]);
  });

  it('are refused with a right hash but a wrong length or algorithm', () => {
    for (const key of [
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
      'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    ]) {
      expect(() => parseVerifierKey(key)).toThrow('malformed verifier key');
    }
  });

  it('do not tell a private key in an error', () => {
    const secret = SIGNER.slice(-44);
    for (const text of manglings(SIGNER).filter((text) => text.includes(secret))) {
      expect(() => parseSignerKey(text)).toThrow(expect.not.stringContaining(secret));
    }
  });

  it('are made in pairs that fit', () => {
    const { signerKey, verifierKey } = generateKey('EnochRoot');
    const note = signNote(TEXT, parseSignerKey(signerKey));
    expect(openNote(note, [parseVerifierKey(verifierKey)]).text).toBe(TEXT);
    expect(generateKey('EnochRoot').signerKey).not.toBe(signerKey);
    expect(() => generateKey('Enoch Root')).toThrow('malformed name');
  });

  it.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u0085b', 'a\nb'])('cannot be named %j', (name) => {
    expect(isKeyName(name)).toBe(false);
  });
});

describe('a note', () => {
  it('is signed as the format says', () => {
    expect(signNote(TEXT, parseSignerKey(SIGNER)).toString()).toBe(`${TEXT}\n${PETER_SIG}`);
    for (const text of ['abc', 'ab\u0001c\n']) {
      expect(() => signNote(text, parseSignerKey(SIGNER))).toThrow('malformed note');
    }
  });

  it('tells signatures of known keys from those of others', () => {
    const both = Buffer.from(`${TEXT}\n${PETER_SIG}${ENOCH_SIG}`);
    const [, base64] = PETER_SIG.trim().split(/ (?=x08)/);
    expect(openNote(both, [peter])).toEqual({
      text: TEXT,
      signatures: [{ name: 'PeterNeumann', keyHash: 0xc74f20a3, base64 }],
      unverified: [expect.objectContaining({ name: 'EnochRoot', keyHash: 0xaf0cfe78 })],
    });
    expect(openNote(both, [peter, enoch]).signatures).toHaveLength(2);
    expect(() => openNote(both, [])).toThrow('signed by PeterNeumann+c74f20a3, EnochRoot+af0cfe78');
  });

  it('counts a repeated signature once', () => {
    const changed = `${ENOCH_SIG.slice(0, 60)}ABCD${ENOCH_SIG.slice(60)}`;
    const lines = PETER_SIG + PETER_SIG + ENOCH_SIG + ENOCH_SIG + changed;
    const { signatures, unverified } = openNote(Buffer.from(`${TEXT}\n${lines}`), [peter]);
    expect([signatures.length, unverified.length]).toEqual([1, 2]);
  });

  it('is refused where two keys could be meant', () => {
    const note = Buffer.from(`${TEXT}\n${ENOCH_SIG}`);
    expect(() => openNote(note, [enoch, peter, enoch])).toThrow('EnochRoot+af0cfe78 is ambiguous');
    expect(openNote(Buffer.from(`${TEXT}\n${PETER_SIG}`), [enoch, peter, enoch]).text).toBe(TEXT);
  });

  it('is refused with a signature that is wrong', () => {
    const wrong = `${PETER_SIG.slice(0, 60)}ABCD${PETER_SIG.slice(60)}`;
    expect(() => openNote(Buffer.from(`${TEXT}\n${wrong}`), [peter])).toThrow(
      'the signature of PeterNeumann+c74f20a3 is wrong',
    );
    const other = Buffer.from(`${TEXT.replace('you', 'You')}\n${PETER_SIG}`);
    expect(() => openNote(other, [peter])).toThrow('is wrong');
  });

  it.each([
    ['no signatures', TEXT],
    ['an empty block of them', `${TEXT}\n`],
    ['a line that does not end', `${TEXT}\n${PETER_SIG.slice(0, -1)}`],
    ['a control character', `\u0001${TEXT}\n${PETER_SIG}`],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from([0xff]), Buffer.from(`${TEXT}\n${PETER_SIG}`)])],
    ['a bad name', `${TEXT}\n${PETER_SIG.replace('PeterNeumann', 'Bad Name')}`],
    ['another line among the signatures', `${TEXT}\n${PETER_SIG}Unexpected line.\n`],
    ['a hundred signatures and one', `${TEXT}\n${PETER_SIG.repeat(101)}`],
  ])('is refused with %s', (_, note) => {
    expect(() => openNote(Buffer.from(note), [peter])).toThrow('malformed note');
  });
});
