import { describe, expect, it } from 'vitest';
import { isUsualName } from '../../../src/vcs/objects/usual-name.js';

describe('isUsualName', () => {
  it.each([
    'main.go',
    '.gitignore',
    '.gitattributes',
    '.gitlab-ci.yml',
    'a b',
    '...',
    'git',
    'x~1',
    '[id].tsx',
  ])('takes %j for a file', (name) => expect(isUsualName(name, 'regular')).toBe(true));

  it.each([
    '',
    '.',
    '..',
    '.git',
    '.Git',
    '.git.',
    '.git ',
    '.git~1',
    'GIT~1',
    'a/b',
    'a\\b',
    'a:b',
    'ü',
    'a\n',
  ])('does not judge %j', (name) => expect(isUsualName(name, 'directory')).toBe(false));

  it.each(['.gitmodules', '.gitattributes', 'GITMOD~1', 'gi7eba~1'])('does not judge the link %j', (name) => {
    expect(isUsualName(name, 'symlink')).toBe(false);
    expect(isUsualName('link.go', 'symlink')).toBe(true);
  });
});
