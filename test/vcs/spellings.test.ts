import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import type { Listing } from '../../src/vcs/objects/refs.js';
import { Spellings } from '../../src/vcs/spellings.js';
import { refsOf } from '../support/git/git-names.js';

function listing(head: string): Listing {
  return { refs: refsOf({ HEAD: head.repeat(40) }), defaultBranch: 'main', askedAt: 1 };
}

/** A repository whose refs are `head`, or `newer` where its host is asked again. */
function repository(head: string, newer = head) {
  return {
    refs: (maxAgeMs: number) => Promise.resolve(listing(maxAgeMs === Infinity ? head : newer)),
  };
}

describe('Spellings', () => {
  it('takes addresses in another case that list the same for one repository', async () => {
    const spellings = new Spellings<ReturnType<typeof repository>>();
    const first = repository('a');
    await spellings.find(parseRepoUrl('http://h/x.git', '/'), first, listing('a'), 0);
    const found = await spellings.find(parseRepoUrl('http://h/X.git', '/'), repository('a'), listing('a'), 0);
    expect(found).toEqual({ remote: first, spelling: { first: 'http://h/x.git', number: 1 } });
    expect(
      (await spellings.find(parseRepoUrl('http://h/x.GIT', '/'), repository('a'), listing('a'), 0)).spelling
        .number,
    ).toBe(2);
    expect(
      (await spellings.find(parseRepoUrl('http://h/X.git', '/'), repository('a'), listing('a'), 0)).spelling
        .number,
    ).toBe(1);
    expect(
      (await spellings.find(parseRepoUrl('http://h/x.git', '/'), first, listing('a'), 0)).spelling.number,
    ).toBe(0);
  });

  it('counts the one with the fewest capital letters as the second at most', async () => {
    const spellings = new Spellings<ReturnType<typeof repository>>();
    const numberOf = async (name: string) => {
      const url = parseRepoUrl(`http://h/${name}`, '/');
      return (await spellings.find(url, repository('a'), listing('a'), 0)).spelling.number;
    };
    const numbers = [];
    for (const name of ['ABC', 'Abc', 'aBc', 'abC', 'ABc', 'abc', 'aBC']) numbers.push(await numberOf(name));
    expect(numbers).toEqual([0, 1, 2, 3, 4, 1, 6]);
    expect([await numberOf('abc'), await numberOf('abC')]).toEqual([1, 3]);
  });

  it('keeps apart what lists something else, and what cannot be asked', async () => {
    const spellings = new Spellings<ReturnType<typeof repository>>();
    await spellings.find(parseRepoUrl('http://h/x.git', '/'), repository('a'), listing('a'), 0);
    const other = repository('b');
    expect((await spellings.find(parseRepoUrl('http://h/X.git', '/'), other, listing('b'), 0)).remote).toBe(
      other,
    );
    const gone = { refs: () => Promise.reject(new Error('gone')) };
    await spellings.find(parseRepoUrl('http://h/y.git', '/'), gone, listing('a'), 0);
    expect((await spellings.find(parseRepoUrl('http://h/Y.git', '/'), other, listing('a'), 0)).remote).toBe(
      other,
    );
  });

  it('asks the first one again where it may have changed', async () => {
    const spellings = new Spellings<ReturnType<typeof repository>>();
    const first = repository('a', 'b');
    await spellings.find(parseRepoUrl('http://h/x.git', '/'), first, listing('a'), 0);
    expect(
      (await spellings.find(parseRepoUrl('http://h/X.git', '/'), repository('b'), listing('b'), 0)).remote,
    ).toBe(first);
  });
});
