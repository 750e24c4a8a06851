/** docs/operations.md as an admin would follow it, with the very commands of the page. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { guideBlocks } from '../support/guide.js';
import { missing } from '../support/requirements.js';
import { run, type RunResult } from '../support/run.js';
import { CLI, startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const GUIDE = 'operations.md';

describe.skipIf(missing('git', 'curl'))(`the commands of docs/${GUIDE}`, () => {
  let git: GitHttpHost;
  let server: ModhavenServer;
  /** Stands for the root of the machine. */
  let root: string;

  beforeAll(async () => {
    const repositories = await tempDir('guide-git');
    const foo = await repo(path.join(repositories, 'foo.git'));
    await foo.write({ 'go.mod': 'module mycompany.com/foo\n', 'foo.go': 'package foo\n' }).commit('first');
    await foo.tag('v1.0.0');
    git = await gitHttpHost(repositories);
    root = await tempDir('machine');
    await mkdir(path.join(root, 'backup'));
    await mkdir(path.join(root, 'srv', 'modhaven'), { recursive: true });
    server = await startServer({
      dir: path.join(root, 'srv', 'modhaven'),
      config: { cache: { dir: './data' } },
      vanity: { host: 'mycompany.com', paths: { '/foo': `${git.url}/foo.git` } },
    });
    const zip = await fetch(`${server.url}/mycompany.com/foo/@v/v1.0.0.zip`);
    expect(zip.status).toBe(200);
    await zip.arrayBuffer();
    await mkdir(path.join(root, 'bin'));
    const script = path.join(root, 'bin', 'modhaven');
    await writeFile(script, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
    await chmod(script, 0o755);
  });
  afterAll(async () => {
    await server.stop();
    await git.stop();
  });

  /** Runs the commands under `heading`; the page's absolute paths lie below `root`. */
  async function follow(heading: string): Promise<RunResult[]> {
    const results: RunResult[] = [];
    for (const block of guideBlocks(GUIDE).filter(
      (each) => each.heading === heading && each.language === 'sh',
    )) {
      const here = block.text
        .replaceAll(/(?<= )\/(?=srv\/|backup\/)/g, `${root}/`)
        .replaceAll('http://127.0.0.1:10000', server.url);
      const result = await run('sh', ['-eu', '-c', here], {
        env: { HOME: root, PATH: `${root}/bin:${process.env.PATH ?? ''}` },
        timeoutMs: 100_000,
      });
      expect({ here, ...result }).toMatchObject({ code: 0 });
      results.push(result);
    }
    expect(results.length, heading).toBeGreaterThan(0);
    return results;
  }

  it('back up a running server, prove and move what was restored, and try an upgrade', async () => {
    await follow('Backup');
    const [restored] = await follow('Restore');
    expect(restored?.stdout).toContain('1 version of 1 module: all as recorded');
    const [moved] = await follow('Moving the cache');
    expect(moved?.stdout).toContain('1 version of 1 module: all as recorded');
    const [checked] = await follow('Upgrade');
    expect(checked?.stdout).toContain('mycompany.com/foo');
  });

  it('ask whether the server is ready, and for its figures', async () => {
    const [ready] = await follow('Readiness');
    expect(ready?.stdout).not.toBe('');
    const [figures] = await follow('Metrics');
    expect(figures?.stdout).toContain('modhaven_info');
  });

  it('are all run by these tests', () => {
    const headings = new Set(
      guideBlocks(GUIDE)
        .filter(({ language }) => language === 'sh')
        .map(({ heading }) => heading),
    );
    expect([...headings]).toEqual([
      'Backup',
      'Restore',
      'Moving the cache',
      'Upgrade',
      'Readiness',
      'Metrics',
    ]);
  });
});
