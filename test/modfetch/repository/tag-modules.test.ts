import { describe, expect, it } from 'vitest';
import { versionsOfTag } from '../../../src/modfetch/repository/tag-modules.js';

function versions(tag: string, root = 'ex.com/m', subdir = ''): string[] {
  return versionsOfTag({ root, subdir }, tag).map(({ path, version }) => `${path}@${version}`);
}

describe('versionsOfTag', () => {
  it.each([
    ['v1.2.3', ['ex.com/m@v1.2.3']],
    ['v0.1.0-rc.1', ['ex.com/m@v0.1.0-rc.1']],
    ['v2.0.0', ['ex.com/m/v2@v2.0.0', 'ex.com/m@v2.0.0+incompatible']],
    ['sub/v1.2.3', ['ex.com/m/sub@v1.2.3']],
    ['a/b/v3.0.1', ['ex.com/m/a/b/v3@v3.0.1']],
    ['v2/v2.0.0', []],
    ['release-1', []],
    ['v1.2', []],
    ['v1.2.3+meta', []],
    ['sub/', []],
    ['v0.0.0-20240102030405-0123456789ab', []],
    ['sub dir/v1.0.0', []],
  ])('%s', (tag, expected) => expect(versions(tag)).toEqual(expected));

  it.each([
    ['src/v1.0.0', ['ex.com/m@v1.0.0']],
    ['src/v2.0.0', ['ex.com/m/v2@v2.0.0']],
    ['sub/src/v1.0.0', ['ex.com/m/sub@v1.0.0']],
    ['v1.0.0', []],
    ['mysrc/v1.0.0', []],
  ])('%s below subdir src', (tag, expected) => expect(versions(tag, 'ex.com/m', 'src')).toEqual(expected));

  it.each([
    ['ex.com/m/v2', 'v2.1.0', ['ex.com/m/v2@v2.1.0']],
    ['ex.com/m/v2', 'v1.0.0', []],
    ['gopkg.in/yaml.v3', 'v3.0.1', ['gopkg.in/yaml.v3@v3.0.1']],
  ])('root %s, tag %s', (root, tag, expected) => expect(versions(tag, root)).toEqual(expected));
});
