import { expect, it } from 'vitest';
import { shellWord } from '../src/shell-word.js';

it.each([
  ['a/b-1.yaml:2', 'a/b-1.yaml:2'],
  ['', "''"],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ['$HOME;`id`\n', "'$HOME;`id`\n'"],
  ['*', "'*'"],
])('%j is %s as one word of a shell', (text, word) => {
  expect(shellWord(text)).toBe(word);
});
