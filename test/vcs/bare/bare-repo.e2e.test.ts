import { appendFile, chmod, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BareRepo } from '../../../src/vcs/bare/bare-repo.js';
import { isBroken } from '../../../src/vcs/bare/broken-repo.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';
import { missing } from '../../support/requirements.js';
import { mustRun, sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { inMirror, lab, mirrorDir, text, type Lab } from '../lab.js';

/** Files of the only pack. */
async function packFiles(content: string): Promise<string[]> {
  const dir = path.join(content, 'objects/pack');
  const names = await readdir(dir);
  return Promise.all(
    names.map(async (name) => {
      await chmod(path.join(dir, name), 0o644);
      return path.join(dir, name);
    }),
  );
}

interface Damage {
  name: string;
  do: (content: string) => Promise<unknown>;
}

const DAMAGES: Damage[] = [
  { name: 'made in half', do: async (dir) => rm(path.join(dir, 'HEAD')) },
  { name: 'made in half, before it was complete', do: async (dir) => rm(path.join(dir, 'info/attributes')) },
  { name: 'an empty directory', do: async (dir) => rm(dir, { recursive: true }).then(() => mkdir(dir)) },
  { name: 'deleted', do: async (dir) => rm(dir, { recursive: true }) },
  { name: 'locked by a dead process', do: async (dir) => writeFile(path.join(dir, 'shallow.lock'), '') },
  { name: 'without the list of shallow commits', do: async (dir) => rm(path.join(dir, 'shallow')) },
  {
    name: 'with a pack cut off',
    do: async (dir) =>
      Promise.all(
        (await packFiles(dir)).filter((f) => f.endsWith('.pack')).map(async (f) => truncate(f, 60)),
      ),
  },
  {
    name: 'with an empty index',
    do: async (dir) =>
      Promise.all((await packFiles(dir)).filter((f) => f.endsWith('.idx')).map(async (f) => truncate(f, 0))),
  },
  {
    name: 'with a pack of zeros',
    do: async (dir) =>
      Promise.all(
        (await packFiles(dir))
          .filter((f) => f.endsWith('.pack'))
          .map(async (f) => writeFile(f, Buffer.alloc(900))),
      ),
  },
  { name: 'with a torn configuration', do: async (dir) => appendFile(path.join(dir, 'config'), '[core') },
];

describe.skipIf(missing('git'))('BareRepo, damaged', () => {
  let l: Lab;
  beforeEach(async () => {
    l = await lab();
  });
  afterEach(async () => l.host.stop());

  it.each(DAMAGES)('$name: still answers, for old and new commits', async (damage) => {
    const r = await l.open();
    const { hash } = await r.stat('v1.0.0');
    await damage.do(path.join(await mirrorDir(l.vcsDir), 'content.git'));
    const next = await r.stat('v1.1.0');
    expect(String(await r.readFile(next.hash, 'n.go'))).toBe('package n // 1\n');
    expect(String(await r.readFile(hash, 'n.go'))).toBe('package n // 0\n');
    expect(await text(r.archive(hash, ''))).toContain('package n // 0\n');
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
  });

  it.each(DAMAGES)('$name: still knows commits and reads single files without the others', async (damage) => {
    await l.host.stop();
    l = await lab({ large: true });
    const r = await l.open(0, l.url, 'trees');
    const { hash } = await r.stat('v1.0.0');
    await damage.do(path.join(await mirrorDir(l.vcsDir), 'trees.git'));
    const next = await r.stat('v1.1.0');
    expect(String(await r.readFile(next.hash, 'n.go'))).toBe('package n // 1\n');
    expect(await r.readFile(next.hash, 'sub/go.mod')).toBeUndefined();
    expect((await r.stat('v1.0.0')).hash).toBe(hash);
    expect(String(await r.readFile(hash, 'n.go'))).toBe('package n // 0\n');
    expect(await inMirror(l.vcsDir, 'content.git', 'cat-file', '--batch-all-objects', '--batch-check')).toBe(
      '',
    );
  });

  it('heals once for many readers', async () => {
    const r = await l.open();
    const { hash } = await r.stat('v1.0.0');
    await DAMAGES[6]?.do(path.join(await mirrorDir(l.vcsDir), 'content.git'));
    const contents = await Promise.all(Array.from({ length: 30 }, async () => r.readFile(hash, 'n.go')));
    expect(contents.map(String)).toEqual(Array.from({ length: 30 }, () => 'package n // 0\n'));
  });

  it('removes what a killed fetch left, before the next one', async () => {
    const r = await l.open();
    await r.stat('v1.0.0');
    const dir = path.join(await mirrorDir(l.vcsDir), 'content.git');
    await writeFile(path.join(dir, 'objects/pack/tmp_pack_abc123'), 'half');
    await r.stat('v1.1.0');
    expect((await readdir(path.join(dir, 'objects/pack'))).filter((name) => name.startsWith('tmp_'))).toEqual(
      [],
    );
  });
});

describe.skipIf(missing('git'))('BareRepo', () => {
  it('lets one writer in at a time, also from another process', async () => {
    const dir = path.join(await tempDir('bare'), 'x.git');
    const build = path.resolve(import.meta.dirname, '../../../build/vcs/bare/bare-repo.js');
    const log = `${dir}.log`;
    const script = `
import { appendFileSync } from 'node:fs';
import { BareRepo } from '${build}';
const repo = new BareRepo({ dir: '${dir}', env: process.env, timeoutMs: 20000 });
for (let i = 0; i < 5; i += 1)
  await repo.write('sha1', async () => {
    appendFileSync('${log}', 'in\\n');
    await new Promise((done) => setTimeout(done, 20));
    appendFileSync('${log}', 'out\\n');
  });`;
    await writeFile(`${dir}.mjs`, script);
    await Promise.all([1, 2, 3].map(async () => mustRun(process.execPath, [`${dir}.mjs`])));
    const lines = await mustRun('cat', [log]);
    expect(lines).toBe('in\nout\n'.repeat(15));
  });

  it('survives that its lock is deleted with the directory while it works', async () => {
    const dir = path.join(await tempDir('bare'), 'below/x.git');
    const repo = new BareRepo({ dir, env: sealedEnv(), timeoutMs: 20_000 });
    await repo.write('sha1', async () => {
      await rm(path.dirname(dir), { recursive: true });
      await sleep(5_500); // the lock is looked after every five seconds
    });
    expect(await repo.write('sha1', async () => Promise.resolve('again'))).toBe('again');
  });

  it('discards the repository that was found broken and none made since', async () => {
    const dir = path.join(await tempDir('bare'), 'x.git');
    const repo = new BareRepo({ dir, env: sealedEnv(), timeoutMs: 20_000 });
    await repo.write('sha1', async () => Promise.resolve());
    const first = repo.identity();
    await repo.discard(first);
    expect(repo.identity()).toBe('');
    await repo.write('sha1', async () => Promise.resolve());
    const second = repo.identity();
    await repo.discard(first);
    expect(repo.identity()).toBe(second);
  });
});

describe('isBroken', () => {
  it.each([
    { stderr: "fatal: not a git repository: '/cache/x.git'", broken: true },
    { stderr: "fatal: Unable to create '/cache/x.git/shallow.lock': File exists.", broken: true },
    { stderr: 'fatal: bad object 0123', broken: true },
    { stderr: 'remote: fatal: bad object 0123', broken: false },
    { stderr: "fatal: not a git repository: '/srv/theirs.git'", broken: false },
    { stderr: 'Warning: Identity file /etc/id not accessible: No such file or directory.', broken: false },
    { stderr: 'no such identity: /home/x/.ssh/id: No such file or directory', broken: false },
    { stderr: 'error: cannot run /opt/ssh: No such file or directory', broken: false },
    { stderr: 'cannot start git: spawn git ENOENT', broken: false },
  ])('$stderr → $broken', ({ stderr, broken }) => {
    expect(isBroken(new GitFailure('fetch', 128, stderr), '/cache/x.git')).toBe(broken);
  });
});
