import { describe, expect, it } from 'vitest';
import { emptiedFile, saysNothing } from '../../src/yaml/empty-file.js';

describe('saysNothing', () => {
  it.each(['', '\n\n', '# a: 1\n', '  # a: 1\r\n\r\n# b', '---\n', '--- # one\n...\n', '\uFEFF# a\n'])(
    '%j',
    (text) => {
      expect(saysNothing(text)).toBe(true);
    },
  );
  it.each(['{}', 'a: 1', '# x\na: 1\n', 'tokens: []\n', '---\na: 1\n', '- x', '"#"', 'null'])(
    'is false of %j',
    (text) => {
      expect(saysNothing(text)).toBe(false);
    },
  );
});

it('says what to write', () => {
  expect(emptiedFile('/etc/tokens.yaml', 'no tokens', 'tokens: []')).toMatchObject({
    code: 'CONFIG',
    message:
      '/etc/tokens.yaml:1:1: the file holds no tokens, only comments or nothing at all; write "tokens: []" to have none',
  });
});
