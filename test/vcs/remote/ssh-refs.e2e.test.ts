import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { readAdvertised, sshDestination } from '../../../src/vcs/remote/ssh-refs.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { sealedEnv } from '../../support/run.js';
import { sshdHost } from '../../support/hosts/sshd-host.js';
import { tempDir } from '../../support/tmp.js';
import { codeHost, errorOf } from '../lab.js';

describe('sshDestination', () => {
  it.each([
    ['ssh://git@h/team/x.git', [], 'git@h', "'/team/x.git'"],
    ['ssh://git@h:29418/my%20team/x.git', ['-p', '29418'], 'git@h', "'/my team/x.git'"],
    ['ssh://h/~ci/x.git', [], 'h', "'~ci/x.git'"],
    ['git@h:team/x.git', [], 'git@h', "'team/x.git'"],
    ['h:/srv/x.git', [], 'h', "'/srv/x.git'"],
    ['ssh://[::1]:2222/x.git', ['-p', '2222'], '::1', "'/x.git'"],
    ["ssh://h/it's!.git", [], 'h', "'/it'\\''s'\\!'.git'"],
  ])('%s', (url, port, host, quoted) => {
    const command = `git-upload-pack ${quoted}`;
    expect(sshDestination(parseRepoUrl(url, '/'))).toEqual([
      '-o',
      'SendEnv=GIT_PROTOCOL',
      ...port,
      host,
      command,
    ]);
  });
});

describe('readAdvertised', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
  it('reads what a host of version 0 lists', () => {
    const listing = readAdvertised([
      Buffer.from(`${a} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=x\n`),
      Buffer.from(`${a} refs/heads/main\n`),
      Buffer.from(`${b} refs/tags/v1\n`),
      Buffer.from(`${a} refs/tags/v1^{}\n`),
      Buffer.from(`${b} refs/changes/1/2\n`),
      'flush',
    ]);
    expect(Object.fromEntries(listing.refs)).toEqual({ HEAD: a, 'refs/heads/main': a, 'refs/tags/v1': a });
    expect(listing.defaultBranch).toBe('main');
  });

  it('knows an empty repository, and refuses what is not a list', () => {
    const empty = readAdvertised([Buffer.from(`${'0'.repeat(40)} capabilities^{}\0agent=x\n`), 'flush']);
    expect(empty.refs.size).toBe(0);
    expect(() => readAdvertised([Buffer.from('Welcome to this host\n'), 'flush'])).toThrow();
  });
});

describe.skipIf(missing('sshd'))('an ssh host', () => {
  it.each([true, false])('is read without git, with and without protocol v2: %s', async (protocolV2) => {
    const root = await tempDir('root');
    const r = await repo(path.join(root, 'x.git'));
    await r.write({ 'go.mod': 'module x\n' }).commit('one');
    await r.tag('v1.0.0');
    await using host = await sshdHost(root, { protocolV2 });
    const code = codeHost(await tempDir('cache'), {}, sealedEnv(host.gitEnv()));
    const opened = await code.open(parseRepoUrl(host.url('x.git'), '/'), 0);
    expect(opened.defaultBranch).toBe('main');
    expect((await opened.stat('v1.0.0')).hash).toBe(await r.rev('main'));
    const missingOne = await errorOf(code.open(parseRepoUrl(host.url('nope.git'), '/'), 0));
    expect(missingOne.code).toBe('REPO_NOT_FOUND');
    // One question each: git would have asked once more.
    expect((await host.commands()).filter((line) => line.includes('nope'))).toHaveLength(1);
  });
});
