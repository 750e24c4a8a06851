import { describe, expect, it } from 'vitest';
import { createObjectParser } from '../../../src/vcs/objects/object-stream.js';

const HASH = 'a'.repeat(40);
const LONG = 'b'.repeat(64);

/** What is parsed of `text`, given in pieces of `length`: the sizes as they are announced, and the answers. */
function parse(text: string, length = text.length): unknown[] {
  const events: unknown[] = [];
  const parser = createObjectParser({
    accept: (size) => events.push(size) > 0,
    object: (object) =>
      events.push(object === undefined ? undefined : { ...object, content: String(object.content) }),
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += length) parser.push(bytes.subarray(at, at + length));
  return events;
}

const TEXT = `${HASH} blob 5\nab\ncd\n${LONG} commit 0\n\n${HASH}:x missing\n${HASH} tree 1\nx\n`;

describe('createObjectParser', () => {
  it.each([1, 2, 3, 7, 48, 1000])('reads the answers of git in pieces of %i bytes', (length) => {
    expect(parse(TEXT, length)).toEqual([
      5,
      { hash: HASH, type: 'blob', content: 'ab\ncd' },
      0,
      { hash: LONG, type: 'commit', content: '' },
      undefined,
      1,
      { hash: HASH, type: 'tree', content: 'x' },
    ]);
  });

  it.each(['missing', 'ambiguous'])('says of a name that is %s that there is no such object', (why) => {
    expect(parse(`abc ${why}\n`)).toEqual([undefined]);
  });

  it('tells the size before the first byte of the object', () => {
    expect(parse(`${HASH} blob 1000000\n`)).toEqual([1_000_000]);
  });

  it('makes no room for an object that is refused', () => {
    const objects: unknown[] = [];
    const parser = createObjectParser({
      accept: (size) => size < 100,
      object: (object) => objects.push(object),
    });
    parser.push(Buffer.from(`${HASH} blob 1\nx\n${HASH} blob 900000000000000\nabc\n${HASH} blob 1\ny\n`));
    expect(objects).toHaveLength(1);
  });

  it('says nothing before an answer is whole', () => {
    expect(parse(`${HASH} blob 3\nabc`)).toEqual([3]);
    expect(parse(`${HASH} blob 3`)).toEqual([]);
  });

  it('keeps no more of a piece than the object', () => {
    let content: Buffer = Buffer.alloc(0);
    const parser = createObjectParser({
      accept: () => true,
      object: (object) => (content = object?.content ?? content),
    });
    parser.push(Buffer.concat([Buffer.from(`${HASH} blob 3\nabc\n`), Buffer.alloc(1024 * 1024, 'x')]));
    expect(String(content)).toBe('abc');
    expect(content.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize);
  });
});
