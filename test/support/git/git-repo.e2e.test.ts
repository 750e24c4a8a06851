import { describe, expect, it } from 'vitest';
import { repo } from './git-repo.js';
import { missing } from '../requirements.js';

describe.skipIf(missing('git'))('repo', () => {
  it('gives the same hashes everywhere', async () => {
    await using r = await repo();
    const first = await r
      .at('2024-01-02T03:04:05Z')
      .write({ 'go.mod': 'module example.com/x\n' })
      .commit('first');
    await r.tag('v1.0.0');
    await r.tag('v1.0.1', { annotated: true, message: 'fixed' });
    const zoned = await r.at('2024-01-02T12:04:06+09:00').write({ 'a.go': 'package x\n' }).commit('second');
    expect({ first, zoned, tag: await r.rev('v1.0.1') }).toMatchInlineSnapshot(`
      {
        "first": "b74b638b6cab528fe812468909e0279255e2e891",
        "tag": "d663f909ac8d097db3cdd63187ba918cb5be57ac",
        "zoned": "f7cb044b3634ca94b0494bf324495cd84a430822",
      }
    `);
    expect(await r.git('show', '-s', '--format=%an %ae %aI %cI', zoned)).toBe(
      'Gopher gopher@example.com 2024-01-02T12:04:06+09:00 2024-01-02T12:04:06+09:00\n',
    );
    expect(await r.rev('v1.0.0')).toBe(first);
    expect(await r.rev('v1.0.1^{commit}')).toBe(first);
    await r.git('fsck', '--strict');
  });

  it('stores bytes, modes, symlinks and submodules as given', async () => {
    await using r = await repo();
    const bytes = Buffer.from([0, 13, 10, 255]);
    await r
      .write({
        '.gitattributes': '* text eol=crlf\n',
        bin: bytes,
        'run.sh': '',
        'old.txt': 'x',
        'q"\\\n': 'odd',
      })
      .symlink('link', '../target')
      .gitlink('sub', '1'.repeat(40))
      .commit('one');
    await r.mode('run.sh', '100755').remove('old.txt').commit('two');
    const tree = await r.git('ls-tree', '-r', '-z', 'main');
    expect(tree.split('\0').map((entry) => entry.replace(/ .*\t/, ' '))).toEqual([
      '100644 .gitattributes',
      '100644 bin',
      '120000 link',
      '100644 q"\\\n',
      '100755 run.sh',
      '160000 sub',
      '',
    ]);
    expect(await r.git('cat-file', '-p', 'main:link')).toBe('../target');
    expect(await r.git('cat-file', '-s', 'main:bin')).toBe('4\n');
  });

  it('branches, merges, detaches and loses commits', async () => {
    await using r = await repo();
    const root = await r.write({ a: '1', b: '1' }).commit('root');
    await r.branch('side');
    const ours = await r.write({ a: '2' }).commit('ours');
    const theirs = await r.checkout('side').write({ b: '2', c: '1' }).commit('theirs');
    const merged = await r.checkout('main').merge('side');
    expect(await r.git('show', '-s', '--format=%P', merged)).toBe(`${ours} ${theirs}\n`);
    expect(await r.git('ls-tree', '-r', '--name-only', merged)).toBe('a\nb\nc\n');
    expect(await r.git('cat-file', '-p', `${merged}:a`)).toBe('2');
    expect(await r.git('cat-file', '-p', `${merged}:b`)).toBe('2');

    const lost = await r.checkout('refs/changes/01/1/1').commit('review', { parents: [root] });
    expect(await r.rev('refs/changes/01/1/1')).toBe(lost);
    await r.checkout('other').write({ z: '' }).commit('orphan');
    expect(await r.git('rev-list', '--count', 'other')).toBe('1\n');
    expect(await r.git('symbolic-ref', 'HEAD')).toBe('refs/heads/main\n');
    await r.head(root);
    expect(await r.rev('HEAD')).toBe(root);
    await r.head('nowhere');
    await expect(r.rev('HEAD')).rejects.toThrow('Needed a single revision');
  });

  it('refuses to move a tag unless told to', async () => {
    await using r = await repo();
    await r.commit('one');
    await r.tag('v1.0.0');
    const two = await r.write({ a: '' }).commit('two');
    await expect(r.tag('v1.0.0')).rejects.toThrow("tag 'v1.0.0' already exists");
    await r.tag('v1.0.0', { force: true });
    expect(await r.rev('v1.0.0')).toBe(two);
  });

  it('writes trees that git itself would refuse', async () => {
    await using r = await repo();
    const inner = await r.rawTree([{ mode: '100644', name: 'config', content: { data: 'x' } }]);
    const tree = await r.rawTree([
      { mode: '100644', name: '..', content: { data: 'up' } },
      { mode: '40000', name: '.git', content: { hash: inner } },
      { mode: '100644', name: 'a/b', content: { data: 'slash' } },
      { mode: '100644', name: Buffer.from([0xff]), content: { data: 'not UTF-8' } },
      { mode: '100644', name: 'A', content: { data: 'out of order' } },
    ]);
    const hash = await r.commit('hostile', { tree });
    expect(await r.git('ls-tree', '--name-only', hash)).toBe('..\n.git\na/b\n"\\377"\nA\n');
  });

  it('takes thousands of files, tags and commits at once', async () => {
    await using r = await repo();
    await r
      .write(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`d${i % 50}/f${i}.go`, `${i}`])))
      .commit('');
    await r.manyTags(Array.from({ length: 10_000 }, (_, i) => `v0.${i}.0`));
    const last = await r.manyCommits(2000);
    expect(await r.git('rev-list', '--count', 'main')).toBe('2001\n');
    expect(await r.git('show', '-s', '--format=%s %cI', last)).toBe(
      'commit 1999 2024-01-01T00:33:19+00:00\n',
    );
    expect((await r.git('tag', '--list')).split('\n')).toHaveLength(10_001);
    expect((await r.git('ls-tree', '-r', last)).split('\n')).toHaveLength(5002);
  });

  it('makes SHA-256 repositories and such with a .git folder', async () => {
    await using r = await repo(undefined, { objectFormat: 'sha256', bare: false });
    expect(await r.write({ a: '' }).commit('one')).toMatch(/^[0-9a-f]{64}$/);
    expect(r.gitDir).toBe(`${r.dir}/.git`);
  });
});
