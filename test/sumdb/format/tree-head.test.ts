import { describe, expect, it } from 'vitest';
import { generateKey, parseSignerKey, signNote } from '../../../src/sumdb/format/note.js';
import { formatTree, openTree, parseTree, signTree } from '../../../src/sumdb/format/tree-head.js';

const hash = Buffer.alloc(32, 7);
const base64 = hash.toString('base64');
const signer = parseSignerKey(generateKey('sum.ex.test').signerKey);

describe('parseTree', () => {
  it('reads what formatTree writes', () => {
    const text = `go.sum database tree\n71909756\n${base64}\n`;
    expect(formatTree({ size: 71_909_756, hash })).toBe(text);
    expect(parseTree(text)).toEqual({ size: 71_909_756, hash });
  });

  it('leaves lines after the third to later versions of the format', () => {
    expect(parseTree(`go.sum database tree\n0\n${base64}\nmore\n`)).toEqual({ size: 0, hash });
  });

  it.each([
    '',
    'go.sum database tree',
    `go.sum database tree\n1\n${base64}`,
    `Go.sum database tree\n1\n${base64}\n`,
    `go.sum database tree\n01\n${base64}\n`,
    `go.sum database tree\n-1\n${base64}\n`,
    `go.sum database tree\n1\n${base64.slice(0, -4)}\n`,
    `go.sum database tree\n1\n${base64.replace('=', '')}\n`,
    `go.sum database tree\r\n1\r\n${base64}\r\n`,
  ])('refuses %j', (text) => {
    expect(() => parseTree(text)).toThrow(
      expect.objectContaining({ code: 'CHECKSUM_DATABASE', message: 'malformed tree head' }) as Error,
    );
  });
});

describe('openTree', () => {
  it('is the tree that was signed, with its note', () => {
    const signed = signTree({ size: 5, hash }, signer);
    expect(openTree(signed.note, signer.verifier)).toEqual(signed);
  });

  it('refuses a tree that another key of the same name signed', () => {
    const other = parseSignerKey(generateKey('sum.ex.test').signerKey);
    expect(() => openTree(signTree({ size: 5, hash }, other).note, signer.verifier)).toThrow(
      expect.objectContaining({ code: 'CHECKSUM_DATABASE' }) as Error,
    );
  });

  it('refuses a signed text that is not a tree', () => {
    expect(() => openTree(signNote('some text\n', signer), signer.verifier)).toThrow('malformed tree head');
  });

  it('refuses a note of which a byte changed', () => {
    const { note } = signTree({ size: 5, hash }, signer);
    const changed = Buffer.from(note.toString().replace('\n5\n', '\n6\n'));
    expect(() => openTree(changed, signer.verifier)).toThrow();
  });
});
