import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { forwardProxy } from '../relays/forward-proxy.js';
import { repo } from '../git/git-repo.js';
import { goClient } from '../go.js';
import { missing } from '../requirements.js';
import { run, type RunResult } from '../run.js';
import { sshdHost, type SshdHost, type SshdMode } from './sshd-host.js';
import { tempDir } from '../tmp.js';
import { vanityPageHost } from './vanity-page-host.js';

const END = `fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`;

describe.skipIf(missing('git', 'ssh', 'sshd'))('sshdHost', () => {
  let root: string;

  beforeAll(async () => {
    root = await tempDir('ssh-root');
    const r = await repo(path.join(root, 'go/foo.git'));
    await r.write({ 'go.mod': 'module mycompany.com/go/foo\n' }).commit('first');
    await r.tag('v1.0.0');
  });

  async function lsRemote(url: string, host: SshdHost, options?: Record<string, string>): Promise<RunResult> {
    return run('git', ['ls-remote', '--tags', url], { env: host.gitEnv(options) });
  }

  const kex = { KexAlgorithms: '+diffie-hellman-group1-sha1,diffie-hellman-group14-sha1' };
  const hostKey = { HostKeyAlgorithms: '+ssh-rsa' };
  const noKex =
    'no matching key exchange method found. Their offer: diffie-hellman-group14-sha1,diffie-hellman-group1-sha1';
  const noHostKey = 'no matching host key type found. Their offer: ssh-rsa';
  const rows: { mode: SshdMode; name: string; options: Record<string, string>; refusal?: string }[] = [
    { mode: 'modern', name: 'needs nothing special', options: {} },
    { mode: 'kex', name: 'is refused for its key exchange', options: {}, refusal: noKex },
    { mode: 'kex', name: 'is let be', options: kex },
    { mode: 'hostkey', name: 'is refused for its host key', options: {}, refusal: noHostKey },
    { mode: 'hostkey', name: 'is let be', options: hostKey },
    { mode: 'legacy', name: 'is refused for its key exchange first', options: hostKey, refusal: noKex },
    { mode: 'legacy', name: 'is refused for its host key then', options: kex, refusal: noHostKey },
    { mode: 'legacy', name: 'is let be in both ways', options: { ...kex, ...hostKey } },
  ];
  it.each(rows)('in mode $mode $name', async ({ mode, options, refusal }) => {
    await using host = await sshdHost(root, { mode });
    const { code, stdout, stderr } = await lsRemote(host.url('go/foo.git'), host, options);
    if (refusal === undefined) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('refs/tags/v1.0.0');
      expect(await host.commands()).toEqual(["git-upload-pack '/go/foo.git'"]);
    } else {
      expect(code).toBe(128);
      // ssh ends its lines for a terminal, and a current sshd adds pseudo-algorithms to its offer.
      const shown = stderr.replaceAll('\r', '').replace(',kex-strict-s-v00@openssh.com', '');
      expect(shown).toBe(`Unable to negotiate with 127.0.0.1 port ${host.port}: ${refusal}\n${END}`);
    }
  });

  it('refuses unknown keys, and shows its own key', async () => {
    await using host = await sshdHost(root);
    const url = host.url('go/foo.git');
    const stranger = await sshdHost(root);
    await stranger.stop();
    const wrongKey = { IdentityFile: stranger.identityFile };
    const { GIT_SSH_COMMAND: command = '' } = host.gitEnv(wrongKey);
    const env = { GIT_SSH_COMMAND: command.replace(`-i ${host.identityFile}`, '') };
    expect((await run('git', ['ls-remote', url], { env })).stderr).toBe(
      `${host.user}@127.0.0.1: Permission denied (publickey).\r\n${END}`,
    );
    expect((await lsRemote(url, host, { UserKnownHostsFile: '/dev/null' })).stderr).toContain(
      'Host key verification failed.',
    );
    expect((await lsRemote(host.url('go/nope.git'), host)).stderr).toMatch(
      /^fatal: '.*\/go\/nope\.git' does not appear to be a git repository\n/,
    );
    expect((await lsRemote(host.url('../go/foo.git'), host)).stderr).toBe(`no way up from here\n${END}`);
  });

  it.skipIf(missing('root', 'mount-namespace'))('lets `git` log in, by either form of URL', async () => {
    await using host = await sshdHost(root, { user: 'git' });
    expect(host.url('go/foo.git')).toBe(`ssh://git@127.0.0.1:${host.port}/go/foo.git`);
    expect(await lsRemote(host.url('go/foo.git'), host)).toMatchObject({ code: 0, stderr: '' });
    const scp = await lsRemote('git@127.0.0.1:go/foo.git', host, { Port: `${host.port}` });
    expect(scp).toMatchObject({ code: 0, stderr: '' });
    expect(await host.commands()).toEqual(["git-upload-pack '/go/foo.git'", "git-upload-pack 'go/foo.git'"]);
  });

  it.skipIf(missing('go'))('serves go in direct mode', async () => {
    await using host = await sshdHost(root, { mode: 'legacy' });
    await using pages = await vanityPageHost([`mycompany.com/go/foo git ${host.url('go/foo.git')}`]);
    await using proxy = await forwardProxy({ 'mycompany.com': pages.port });
    const legacy = host.gitEnv({ ...kex, ...hostKey });
    await using go = await goClient({
      GOPROXY: 'direct',
      GOINSECURE: 'mycompany.com',
      ...proxy.env,
      ...legacy,
    });
    expect(await go.versions('mycompany.com/go/foo')).toEqual(['v1.0.0']);
    expect(await go.downloadJson('mycompany.com/go/foo@v1.0.0')).toMatchObject({
      Origin: { URL: host.url('go/foo.git'), Ref: 'refs/tags/v1.0.0' },
    });
  });
});
