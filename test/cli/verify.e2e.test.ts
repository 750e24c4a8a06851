import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, until } from '../support/ask.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import type { RunResult } from '../support/run.js';
import { modhaven, startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { LAB_VERSIONS, moveLab, release, type MoveLab } from '../verify/move-lab.js';

describe.skipIf(missing('git'))('modhaven verify', () => {
  let lab: MoveLab;

  beforeAll(async () => {
    lab = await moveLab();
    await lab.fetch(...LAB_VERSIONS);
  });
  afterAll(() => lab.stop());

  function verify(...args: string[]): Promise<RunResult> {
    return modhaven(['verify', '--config', lab.configFile, ...args], {
      env: { HOME: path.join(lab.dir, 'home') },
    });
  }

  describe('without --against', () => {
    const zipFile = () => path.join(lab.dir, 'data/download/my.corp/same/@v/v1.1.0.zip');
    let zip: Buffer;
    beforeAll(async () => {
      zip = await readFile(zipFile());
    });
    afterEach(() => writeFile(zipFile(), zip));

    it('says in one line that all is as it was, and writes no bar where no terminal is', async () => {
      expect(await verify()).toMatchObject({
        code: 0,
        stdout: '8 versions of 6 modules: all as recorded\n',
        stderr: '',
      });
    });

    it('names a damaged file, what to do, and exits with 1', async () => {
      await writeFile(zipFile(), zip.subarray(0, zip.length - 10));
      const { code, stdout } = await verify();
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /^my\.corp\/same@v1\.1\.0: \.zip .+\n {2}to do: restore these files from a backup/,
      );
      expect(stdout).toMatch(/\n8 versions of 6 modules: 1 not as recorded\n$/);
      expect((await verify('my.corp/lost')).code).toBe(0);
      expect((await verify('my.corp/lost', 'my.corp/same')).code).toBe(1);
    });

    it('prints JSON', async () => {
      await writeFile(zipFile(), '');
      const { code, stdout } = await verify('--json', 'my.corp/same');
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toEqual({
        ok: false,
        summary: { versions: 2, bad: 1 },
        leftovers: [],
        versions: [
          { module: 'my.corp/same', version: 'v1.0.0', parts: ['info', 'mod', 'zip', 'ziphash'], faults: [] },
          {
            module: 'my.corp/same',
            version: 'v1.1.0',
            parts: ['info', 'mod', 'zip', 'ziphash'],
            faults: [{ part: 'zip', problem: expect.any(String) as string }],
          },
        ],
      });
    });

    it('mentions what a killed writer left, which is not a fault', async () => {
      const left = path.join(path.dirname(zipFile()), '.tmp-1-abc');
      await writeFile(left, 'half');
      const { code, stdout } = await verify('my.corp/same');
      expect(code).toBe(0);
      expect(stdout).toContain(`unfinished: ${left} (`);
    });

    it('has nothing to say about an empty cache', async () => {
      const dir = await tempDir('empty');
      await writeFile(path.join(dir, 'modhaven.yaml'), 'vanity: ./vanity.yaml\n');
      await writeFile(path.join(dir, 'vanity.yaml'), 'paths: {}\n');
      const args = ['verify', '--config', path.join(dir, 'modhaven.yaml')];
      expect(await modhaven(args)).toMatchObject({
        code: 0,
        stdout: '0 versions of 0 modules: all as recorded\n',
      });
    });
  });

  describe('--against', () => {
    it('prints what is in order in a line, and the rest with cause and remedy', async () => {
      const { code, stdout, stderr } = await verify('--against', lab.newVanityFile);
      expect([code, stderr]).toEqual([1, '']);
      const lines = stdout.split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          `my.corp/same -> ${lab.newHost.url}/same.git`,
          '  same          v1.0.0 v1.1.0',
          expect.stringMatching(
            /^ {2}moved-commit {2}v1\.0\.0 {2}commit [0-9a-f]{12} is [0-9a-f]{12} there$/,
          ),
          expect.stringMatching(/^ {2}DIFFERENT {5}v1\.0\.0 {2}commit [0-9a-f]{12} is [0-9a-f]{12} there$/),
          '      files: go.mod (changed)',
          expect.stringMatching(/^ {6}cause: zip h1:\S+ is h1:\S+ there; go\.mod h1:\S+ is h1:\S+ there$/),
          '  MISSING       v1.1.0',
          '  UNREACHABLE   v1.0.0',
          expect.stringMatching(/^ {6}to do: /),
          '8 versions of 6 modules: 3 same, 1 same in another commit, 2 different, 1 missing, 1 out of reach',
        ]),
      );
    });

    it('exits with 0 where nothing would change, also in another commit', async () => {
      const { code, stdout } = await verify(
        '--against',
        lab.newVanityFile,
        'my.corp/same',
        'my.corp/rebased',
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/\n3 versions of 2 modules: 2 same, 1 same in another commit\n$/);
    });

    it('prints JSON with everything that was found', async () => {
      const { code, stdout } = await verify(
        '--against',
        lab.newVanityFile,
        '--json',
        'my.corp/rebased',
        'my.corp/lost',
      );
      expect(code).toBe(1);
      const report = JSON.parse(stdout) as { versions: unknown[] };
      expect(report).toMatchObject({
        ok: false,
        against: lab.newVanityFile,
        summary: {
          total: 3,
          resumed: 0,
          same: 1,
          'moved-commit': 1,
          different: 0,
          missing: 1,
          unreachable: 0,
          extra: 0,
        },
        warnings: [],
      });
      const home = [`${lab.newHost.url}/rebased.git`];
      const known = {
        commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
        zip: expect.any(String) as string,
      };
      expect(report.versions).toContainEqual({
        module: 'my.corp/rebased',
        version: 'v1.0.0',
        verdict: 'moved-commit',
        home,
        stored: { ...known, mod: expect.any(String) as string },
        found: { ...known, mod: expect.any(String) as string, repository: home[0] },
      });
    });

    it('compares what is not cached with --all', async () => {
      const cached = ['my.corp/same', 'my.corp/lost'];
      await using other = await moveLab();
      await other.fetch('same@v1.0.0');
      const args = ['verify', '--config', other.configFile, '--against', other.newVanityFile];
      expect((await modhaven([...args, ...cached])).code).toBe(2);
      const { code, stdout } = await modhaven([...args, '--all', ...cached]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/\n4 versions of 2 modules: 3 same, 1 missing\n$/);
    });

    it('goes on with --resume', async () => {
      const file = path.join(await tempDir('resume'), 'results.jsonl');
      const args = ['--against', lab.newVanityFile, '--resume', file, 'my.corp/same', 'my.corp/lost'];
      expect((await verify(...args)).code).toBe(1);
      lab.newHost.requests.length = 0;
      const { code, stdout } = await verify(...args);
      expect(code).toBe(1);
      expect(stdout).toContain('4 results taken from the earlier run\n');
      expect(lab.newHost.requests).toEqual([]);
    });
  });

  it.each([
    { name: '--all without --against', args: ['--all'], says: '--all needs --against; name the vanity.yaml' },
    { name: '--resume without --against', args: ['--resume', 'x'], says: '--resume needs --against' },
    {
      name: 'a module that is not cached',
      args: ['my.corp/none'],
      says: 'the cache holds no version of my.corp/none',
    },
    { name: 'no module path', args: ['my.corp/same@v1.0.0'], says: 'malformed module path' },
    {
      name: 'a map that is not there',
      args: ['--against', '/none.yaml'],
      says: '/none.yaml: the vanity file cannot be',
    },
  ])('exits with 2 for $name', async ({ args, says }) => {
    const { code, stdout, stderr } = await verify(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`modhaven: ${says}`);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

interface Status {
  drift: {
    running: boolean;
    waiting: number;
    compared: number;
    differences: { module: string; verdict: string }[];
  };
  movedTags: { module: string; version: string; served: string; now?: string }[];
}

describe.skipIf(missing('git'))('a running server', () => {
  it('reports how a new repository differs after an edit, and serves what it served', async () => {
    await using lab = await moveLab();
    await using server = await startServer({ vanity: lab.oldVanity });
    const status = async () => JSON.parse((await ask(server.url, '/-/status')).text) as Status;
    const before: Buffer[] = [];
    for (const text of LAB_VERSIONS) {
      const [name = '', version = ''] = text.split('@');
      for (const kind of ['info', 'mod', 'zip']) {
        before.push((await ask(server.url, `/my.corp/${name}/@v/${version}.${kind}`)).bytes);
      }
    }
    await server.writeVanity(lab.newVanity);
    const { drift } = await until(
      status,
      (seen) => seen.drift.compared === LAB_VERSIONS.length && !seen.drift.running,
      60_000,
    );
    expect(drift.differences.map(({ module, verdict }) => `${module} ${verdict}`).sort()).toEqual([
      'my.corp/down unreachable',
      'my.corp/edited different',
      'my.corp/gomod different',
      'my.corp/lost missing',
    ]);
    const warned = server.logs().match(/"level":"warn".*the new repository/g) ?? [];
    expect(warned).toHaveLength(4);
    const after: Buffer[] = [];
    for (const text of LAB_VERSIONS) {
      const [name = '', version = ''] = text.split('@');
      for (const kind of ['info', 'mod', 'zip']) {
        after.push((await ask(server.url, `/my.corp/${name}/@v/${version}.${kind}`)).bytes);
      }
    }
    expect(after).toEqual(before);
  });

  it('reports a moved and a deleted tag once, and follows neither', async () => {
    const root = await tempDir('tags');
    const git = await repo(path.join(root, 'foo.git'));
    const first = await release(git, 'foo', 'v1.0.0', { a: '1' });
    await release(git, 'foo', 'v1.1.0', { a: '2' });
    await using host = await gitHttpHost(root);
    await using server = await startServer({
      config: { refresh: '10ms' },
      vanity: { host: 'my.corp', paths: { '/foo': `${host.url}/foo.git` } },
    });
    const get = async (file: string) => (await ask(server.url, `/my.corp/foo/@v/${file}`)).text;
    const status = async () => JSON.parse((await ask(server.url, '/-/status')).text) as Status;
    const info = await get('v1.0.0.info');
    await get('v1.1.0.info');
    expect((await status()).movedTags).toEqual([]);

    await git.tag('v1.0.0', { force: true });
    await git.git('tag', '--delete', 'v1.1.0');
    const { movedTags } = await until(
      async () => {
        await get('list');
        return status();
      },
      (seen) => seen.movedTags.length === 2,
      30_000,
    );
    expect(movedTags).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          module: 'my.corp/foo',
          version: 'v1.0.0',
          served: first,
          now: await git.rev('v1.0.0'),
        }),
        expect.objectContaining({ module: 'my.corp/foo', version: 'v1.1.0' }),
      ]),
    );
    expect(await get('v1.0.0.info')).toBe(info);
    await get('list');
    expect(
      server
        .logs()
        .match(/a tag was (moved|deleted)/g)
        ?.sort(),
    ).toEqual(['a tag was deleted', 'a tag was moved']);
    expect((await readdir(path.join(server.cacheDir, 'download/my.corp/foo/@v'))).sort()).toEqual([
      'v1.0.0.info',
      'v1.1.0.info',
    ]);
  });
});
