import { describe, expect, it } from 'vitest';
import { KnownRules } from '../../src/vanity/known-rules.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const FILE = '/etc/modhaven/vanity.yaml';
const TEXT = [
  'host: a.corp',
  'paths:',
  '  /plain: http://git/plain.git',
  '  /{name}: http://git/{name}.git',
  '  /sub: { repo: http://git/sub.git, subdir: src }',
  '  /two: { repo: [http://git/one.git, http://git/two.git] }',
  '  /warned: ssh://git@git:go/warned.git',
  '  /local: ./repo.git',
].join('\n');
const parse = (text: string, before?: ReturnType<typeof parseVanity>) =>
  parseVanity(text, FILE, { defaultHost: '', before });

describe('KnownRules', () => {
  const before = parse(TEXT);
  const known = new KnownRules(before, 'a.corp', '/etc/modhaven');

  it('are those that are one address, as it was', () => {
    expect(known.find('/plain', 'http://git/plain.git')?.prefix).toBe('a.corp/plain');
    expect(known.find('/local', './repo.git')?.prefix).toBe('a.corp/local');
    expect(known.find('/plain', 'http://git/other.git')).toBeUndefined();
    expect(known.find('/new', 'http://git/plain.git')).toBeUndefined();
  });

  it.each([
    ['/{name}', 'http://git/{name}.git'],
    ['/sub', 'http://git/sub.git'],
    ['/sub', { repo: 'http://git/sub.git', subdir: 'src' }],
    ['/two', 'http://git/one.git'],
    ['/warned', 'ssh://git@git:go/warned.git'],
  ])('are not those that depend on more: %s', (key, value) => {
    expect(known.find(key, value)).toBeUndefined();
  });

  it('are none of another host or another folder', () => {
    const plain = ['/plain', 'http://git/plain.git'] as const;
    expect(new KnownRules(before, 'b.corp', '/etc/modhaven').find(...plain)).toBeUndefined();
    expect(new KnownRules(before, 'a.corp', '/etc/other').find(...plain)).toBeUndefined();
    expect(new KnownRules(undefined, 'a.corp', '/etc/modhaven').find(...plain)).toBeUndefined();
  });
});

describe('a map that takes the place of another', () => {
  const edits = {
    'as it was': TEXT,
    'with a rule before the others': TEXT.replace('paths:', 'paths:\n  /first: http://git/first.git'),
    'with another address': TEXT.replace('plain.git', 'moved.git'),
    'of another host': TEXT.replace('a.corp', 'b.corp'),
    'without a rule': TEXT.replace('  /plain: http://git/plain.git\n', ''),
  };

  it.each(Object.entries(edits))('is the one that is read alone: %s', (_, text) => {
    const alone = parse(text);
    const after = parse(text, parse(TEXT));
    expect(after.rules).toEqual(alone.rules);
    expect(after.warnings).toEqual(alone.warnings);
    for (const path of ['a.corp/plain/x', 'b.corp/plain', 'a.corp/first', 'a.corp/any']) {
      expect(after.candidates(path)).toEqual(alone.candidates(path));
    }
  });

  it('has the same problems', () => {
    const twice = `${TEXT}\n  /plain/: http://git/again.git\n`;
    const messageOf = (before?: ReturnType<typeof parseVanity>) => {
      try {
        parse(twice, before);
        return 'none';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf(parse(TEXT))).toBe(messageOf());
    expect(messageOf()).toContain('two rules for one path');
  });
});
