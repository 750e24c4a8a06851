import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load-config.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { SECRET } from './deliveries.js';

/** The only block of `language` in docs/webhooks.md. */
async function block(language: string): Promise<string> {
  const text = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, name]) => name === language);
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[2] ?? '';
}

describe('docs/webhooks.md', () => {
  it('shows settings that exist', async () => {
    const text = await block('yaml');
    expect(Object.keys((parse(text) as { webhook: object }).webhook)).toEqual(['secret', 'prefetch']);
    expect(parseConfig(text, 'm.yaml', { WEBHOOK_SECRET: 'x' })).toMatchObject({
      webhookSecret: 'x',
      webhookPrefetch: true,
    });
  });

  it.skipIf(missing('git', 'curl'))('has a post-receive hook that makes a real push visible', async () => {
    const root = await tempDir('hooked');
    const bare = await repo(path.join(root, 'go/foo.git'));
    await bare.write({ 'go.mod': 'module mycompany.com/go/foo\n' }).commit('first');
    await bare.tag('v1.0.0');
    await using git = await gitHttpHost(root);
    await using server = await startServer({
      config: { refresh: '1h', webhook: { secret: SECRET } },
      vanity: { host: 'mycompany.com', paths: { '/go/foo': `${git.url}/go/foo.git` } },
    });
    const list = async () => (await fetch(`${server.url}/mycompany.com/go/foo/@v/list`)).text();
    expect(await list()).toBe('v1.0.0\n');

    const home = await tempDir('home');
    await writeFile(path.join(home, 'webhook-header'), `Authorization: Bearer ${SECRET}\n`);
    const script = (await block('sh')).replace(/^url=.*$/m, `url=${server.url}/-/webhook`);
    const hook = path.join(bare.gitDir, 'hooks/post-receive');
    await mkdir(path.dirname(hook), { recursive: true });
    await writeFile(hook, script);
    await chmod(hook, 0o755);

    const clone = await tempDir('clone');
    const env = { HOME: home };
    await mustRun('git', ['clone', '--quiet', bare.dir, clone], { env });
    await mustRun('git', ['tag', 'v1.1.0'], { cwd: clone, env });
    await mustRun('git', ['push', '--quiet', 'origin', 'v1.1.0'], { cwd: clone, env });
    expect(await list()).toBe('v1.0.0\nv1.1.0\n');
  });
});
