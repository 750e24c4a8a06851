import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { offeredKeys, scanKeys, sshTarget } from '../../../src/vcs/remote/host-keys.js';
import { missing } from '../../support/requirements.js';
import { freePort } from '../../support/loopback.js';
import { sshdHost } from '../../support/hosts/sshd-host.js';
import { tempDir } from '../../support/tmp.js';
import { errorOf, settingsOf } from '../lab.js';

const repo = (port: number) => parseRepoUrl(`ssh://git@127.0.0.1:${port}/x.git`, '/');

describe.skipIf(missing('ssh'))('sshTarget', () => {
  it('is what ssh would do: name, port and files', async () => {
    const file = path.join(await tempDir('keys'), 'known hosts');
    const settings = settingsOf({ '127.0.0.1:2222': { knownHostsFile: file } });
    expect(await sshTarget(repo(2222), settings)).toMatchObject({
      host: '127.0.0.1',
      port: 2222,
      name: '[127.0.0.1]:2222',
      direct: true,
      files: expect.arrayContaining([file]) as string[],
    });
    expect((await sshTarget(repo(22), settingsOf())).name).toBe('127.0.0.1');
  });
});

describe.skipIf(missing('sshd'))('the keys of a host', () => {
  it('are those that it shows, with ssh-keyscan', async () => {
    await using host = await sshdHost(await tempDir('root'));
    const [, type, blob] = (await readFile(host.knownHostsFile, 'utf8')).trim().split(' ');
    const settings = settingsOf();
    const keys = await offeredKeys(repo(host.port), await sshTarget(repo(host.port), settings), settings);
    expect(keys).toMatchObject([{ type, blob }]);
  });

  it('are found of a host whose key exchange ssh-keyscan does not know, without a login', async () => {
    await using host = await sshdHost(await tempDir('root'), { mode: 'kex' });
    const entry = { sshOptions: { KexAlgorithms: '+diffie-hellman-group14-sha1' } };
    const settings = settingsOf({ [`127.0.0.1:${host.port}`]: entry });
    const keys = await offeredKeys(repo(host.port), await sshTarget(repo(host.port), settings), settings);
    expect(keys).toMatchObject([{ type: 'ssh-ed25519' }]);
    expect(await host.commands()).toEqual([]);
  });

  it('are none where nothing listens, and the reason is told', async () => {
    const port = await freePort();
    const settings = settingsOf({}, { connectTimeoutMs: 2_000 });
    expect(await scanKeys('127.0.0.1', port, 1_000)).toEqual([]);
    const target = await sshTarget(repo(port), settings);
    expect(await errorOf(offeredKeys(repo(port), target, settings))).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: `cannot get the host keys of 127.0.0.1:${port}`,
    });
  });
});
