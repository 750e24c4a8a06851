import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { goModHash, hash1, OrderedHash1 } from '../../../src/module/files/dirhash.js';

describe('hash1', () => {
  it('is the hash of the sorted list of hashes', () => {
    const files = [file('m@v1.0.0/b', 'two'), file('m@v1.0.0/a', 'one')];
    const list = `${sha256('one')}  m@v1.0.0/a\n${sha256('two')}  m@v1.0.0/b\n`;
    expect(hash1(files)).toBe(`h1:${createHash('sha256').update(list).digest('base64')}`);
  });

  it('is that of the empty text for no files', () => {
    expect(hash1([])).toBe('h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
  });

  it('sorts names by their bytes', () => {
    const [high, low] = [file('𐀀', 'x'), file('ᄀ', 'y')];
    const list = `${low.sha256}  ${low.name}\n${high.sha256}  ${high.name}\n`;
    expect(hash1([high, low])).toBe(`h1:${createHash('sha256').update(list).digest('base64')}`);
  });

  it('does not depend on the order of the files', () => {
    const lists = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'B', '/', 'é', 'ᄀ', '😀') }));
    fc.assert(
      fc.property(lists, (names) => {
        const files = names.map((name) => file(name, name));
        expect(hash1([...files].reverse())).toBe(hash1(files));
      }),
    );
  });

  it('refuses a name with a line break', () => {
    expect(() => hash1([file('a\nb', '')])).toThrow(
      expect.objectContaining({
        code: 'MODULE_INVALID',
        message: String.raw`file name "a\nb" contains a line break`,
      }),
    );
  });
});

describe('goModHash', () => {
  it('is the one go.sum has for a known file', () => {
    // The go.sum line of rsc.io/quote v1.5.2/go.mod.
    const text = 'module "rsc.io/quote"\n\nrequire "rsc.io/sampler" v1.3.0\n';
    expect(goModHash(Buffer.from(text))).toBe('h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=');
  });
});

function file(name: string, content: string): { name: string; sha256: string } {
  return { name, sha256: sha256(content) };
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

describe('OrderedHash1', () => {
  it('is the same sum for files that come in the order of their names', () => {
    const files = ['a', 'a.b', 'a/b', '\uffff', '\u{10000}'].map((name) => file(name, name));
    const hash = new OrderedHash1();
    for (const each of files) hash.add(each);
    expect(hash.sum()).toBe(hash1(files));
  });

  it('takes no file that is not behind the last one, and no name with a line break', () => {
    const hash = new OrderedHash1();
    hash.add(file('b', ''));
    expect(() => hash.add(file('a', ''))).toThrow('is not behind');
    expect(() => hash.add(file('b', ''))).toThrow('is not behind');
    expect(() => hash.add(file('c\n', ''))).toThrow('contains a line break');
  });
});
