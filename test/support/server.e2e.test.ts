import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { gitHttpHost } from './hosts/git-http-host.js';
import { repo } from './git/git-repo.js';
import { goClient } from './go.js';
import { missing } from './requirements.js';
import { modhaven, startServer } from './server.js';
import { tempDir } from './tmp.js';

describe('startServer', () => {
  it.skipIf(missing('git', 'go'))(
    'serves a repository of a test host to go, and ends when told to',
    async () => {
      const root = await tempDir('served');
      const r = await repo(path.join(root, 'foo.git'));
      await r.write({ 'go.mod': 'module mycompany.com/go/foo\n' }).commit('first');
      await r.tag('v1.0.0');
      await using git = await gitHttpHost(root);
      await using server = await startServer({
        vanity: { host: 'mycompany.com', paths: { '/go/foo': `${git.url}/foo.git` } },
      });
      await using go = await goClient({ GOPROXY: server.url });
      expect(await go.downloadJson('mycompany.com/go/foo@latest')).toMatchObject({ Version: 'v1.0.0' });
      expect(git.requests.length).toBeGreaterThan(0);
      await server.stop();
      expect(await server.exited).toEqual({ code: 0, signal: null });
    },
  );

  it('fails with the words of a server that does not come up', async () => {
    await expect(startServer({ config: { no_such_key: 1 } })).rejects.toThrow('no_such_key');
  });

  it('runs the other commands', async () => {
    expect(await modhaven(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('serve') as string,
    });
  });
});
