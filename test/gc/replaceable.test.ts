import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';
import { replaceable } from '../../src/gc/replaceable.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const MAP = parseVanity('host: my.corp\npaths:\n  /foo: https://git.corp/foo\n', 'v', { defaultHost: '' });
const config = (text: string) => parseConfig(text, '/etc/m.yaml', {});

describe('replaceable', () => {
  it.each([
    ['github.com/a/b', true],
    ['my.corp/foo', false],
    ['my.corp/other', false],
    ['sub.my.corp/x', false],
    ['lab.corp/x', false],
  ])('%s: %j', (module, isReplaceable) => {
    expect(replaceable(module, config('upstream: https://p\nprivate: [lab.corp]\n'), MAP)).toBe(
      isReplaceable,
    );
  });

  it('is nothing where there is no upstream', () => {
    expect(replaceable('github.com/a/b', config('upstream: off\n'), MAP)).toBe(false);
  });
});
