import { expect, it } from 'vitest';
import { highestVersion } from '../../src/vcs/highest-version.js';

const all = () => Promise.resolve(true);

it.each<[tags: string[], prefix: string, highest: string | undefined]>([
  [['v1.2.0', 'v1.10.0', 'v1.9.0'], '', 'v1.10.0'],
  [['v1.0.0-rc.1', 'v0.9.0'], '', 'v1.0.0-rc.1'],
  [['v1.0.0+b', 'v1.0.0', 'v1.0.0+a'], '', 'v1.0.0+b'],
  [['sub/v1.0.0', 'v2.0.0', 'sub/x/v3.0.0'], 'sub/', 'sub/v1.0.0'],
  [['release', '1.0.0', 'v1.0.0.0'], '', undefined],
  [[], '', undefined],
])('of %j with the prefix %j it is %j', async (tags, prefix, highest) => {
  expect(await highestVersion(tags, prefix, all)).toBe(highest);
});

it('asks only about tags that are higher than the allowed one so far', async () => {
  const asked: string[] = [];
  const found = await highestVersion(['v1.2.0', 'v1.1.0', 'v1.4.0', 'v1.3.0', 'x'], '', (tag) => {
    asked.push(tag);
    return Promise.resolve(tag !== 'v1.4.0');
  });
  expect(found).toBe('v1.3.0');
  expect(asked).toEqual(['v1.2.0', 'v1.4.0', 'v1.3.0']);
});
