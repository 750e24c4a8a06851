import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import type { RunResult } from '../support/run.js';
import { modhaven } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { files } from './support/files.js';

interface Report {
  ok: boolean;
  warnings: string[];
  rules: Record<string, unknown>[];
}

describe.skipIf(missing('git'))('modhaven check', () => {
  let open: GitHttpHost;
  let locked: GitHttpHost;

  beforeAll(async () => {
    const root = await tempDir('check');
    const foo = await repo(path.join(root, 'foo.git'));
    await foo.write({ 'go.mod': 'module mycompany.com/foo\n' }).commit('first');
    await foo.manyTags(['v1.0.0', 'v1.1.0', 'not-a-version']);
    open = await gitHttpHost(root);
    locked = await gitHttpHost(root, { auth: { user: 'oauth2', password: 'right' } });
  });
  afterAll(async () => Promise.all([open.stop(), locked.stop()]));

  /** `paths` below mycompany.com; `token` for the host that wants one. */
  async function check(
    paths: Record<string, string>,
    args: string[] = [],
    token = 'right',
  ): Promise<RunResult & { vanity: string }> {
    const rules = Object.entries(paths).map(([key, url]) => `  ${key}: ${url}\n`);
    const { config, vanity } = await files({
      config: `vcs: { hosts: { "127.0.0.1:${locked.port}": { token: ${token} } } }\n`,
      vanity: `host: mycompany.com\npaths:\n${rules.join('')}`,
    });
    return { ...(await modhaven(['check', '--config', config, ...args])), vanity };
  }
  const fooAt = (host: GitHttpHost): string => `${host.url}/foo.git`;

  it('prints one row a rule where all is well, and exits with 0', async () => {
    const { code, stdout, stderr } = await check({ '/foo': fooAt(open), '/secret': fooAt(locked) });
    expect([code, stderr]).toEqual([0, '']);
    expect(table(stdout)).toMatchObject([
      { MODULE: 'mycompany.com/foo', REPOSITORY: fooAt(open), REACHED: 'yes', BRANCH: 'main', VERSIONS: '2' },
      { MODULE: 'mycompany.com/secret', REPOSITORY: fooAt(locked), REACHED: 'yes', VERSIONS: '2' },
    ]);
    expect(stdout).toMatch(/^2 of 2 repositories reached$/m);
  });

  const failures: { name: string; url: () => string; token?: string; cause: string; remedy: string }[] = [
    {
      name: 'a repository that does not exist',
      url: () => `${open.url}/nope.git`,
      cause: 'the git host knows no such repository',
      remedy: 'check the path in repo: of the rule in vanity.yaml',
    },
    {
      name: 'a token that is refused',
      url: () => fooAt(locked),
      token: 'wrong',
      cause: 'the git host refused the credentials (vcs.hosts.127.0.0.1:PORT.token)',
      remedy: 'put a valid token',
    },
    {
      name: 'a host that is down',
      url: () => 'http://127.0.0.1:9/foo.git',
      cause: 'nothing listens at 127.0.0.1:9',
      remedy: 'correct host and port',
    },
  ];
  it.each(failures)('says cause and remedy, and exits with 1: $name', async (row) => {
    const { code, stdout } = await check({ '/foo': fooAt(open), '/bad': row.url() }, [], row.token);
    expect(code).toBe(1);
    expect(table(stdout)).toMatchObject([
      { MODULE: 'mycompany.com/foo', REACHED: 'yes' },
      { MODULE: 'mycompany.com/bad', REACHED: 'NO', VERSIONS: '-' },
    ]);
    expect(stdout).toContain(`    cause: ${row.cause.replace('PORT', String(locked.port))}`);
    expect(stdout).toContain(`    to do: ${row.remedy}`);
    expect(stdout).toContain('1 of 2 repositories could not be read');
  });

  it('is content with patterns whose hosts answer, and says how to try a repository', async () => {
    const { code, stdout } = await check({ '/{name}': `${open.url}/{name}.git` });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mycompany\.com\/\{name\}|^\/\{name\}/m);
    expect(stdout).toMatch(/to try one of its modules: \S+ ?\S* check --config \S+ MODULE/);
    expect(stdout).toContain(
      'the hosts of 1 of 1 rules answer, and no repository was tried: every rule is a pattern',
    );
  });

  it('fails where not even a host was asked', async () => {
    const { code, stdout } = await check({ '/{name}': `${await tempDir('empty')}/{name}.git` });
    expect(code).toBe(1);
    expect(stdout).toContain('nothing was tried: every rule is a pattern');
  });

  it('names the option for a file that it cannot read', async () => {
    const { code, stderr } = await check({ '/foo': fooAt(open) }, ['--vanity', '/nowhere/new.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('Check the path given with --vanity and the permissions of the file.');
    expect(stderr).not.toContain('the key vanity');
  });

  it('tries a pattern with the name of --try', async () => {
    const good = await check({ '/{name}': `${open.url}/{name}.git` }, ['--try', 'foo']);
    expect(table(good.stdout)).toMatchObject([{ MODULE: 'mycompany.com/foo', REACHED: 'yes' }]);
    expect(good.code).toBe(0);
    const bad = await check({ '/{name}': `${open.url}/{name}.git` }, ['--try', 'nope']);
    expect(bad.code).toBe(1);
  });

  it('tries a pattern of local paths with what is there, and looks at what a repository holds', async () => {
    const root = await tempDir('check-local');
    const moved = await repo(path.join(root, 'moved.git'));
    await moved.write({ 'go.mod': 'module github.com/old/moved\n' }).commit('first');
    await repo(path.join(root, 'empty.git'));
    const { code, stdout } = await check({ '/{name}': `${root}/{name}.git` });
    expect(code).toBe(0);
    expect(table(stdout)).toMatchObject([
      { MODULE: 'mycompany.com/empty', REACHED: 'yes' },
      { MODULE: 'mycompany.com/moved', REACHED: 'yes' },
    ]);
    expect(stdout).toContain('warning: the repository is empty');
    expect(stdout).toContain('warning: its go.mod on main says module github.com/old/moved');
  });

  it('asks the host of a pattern of which nothing is known', async () => {
    const up = await check({ '/foo': fooAt(open), '/x/{name}': `${open.url}/{name}.git` });
    expect(up.code).toBe(0);
    expect(table(up.stdout)[1]).toMatchObject({ REACHED: 'host answers' });
    const down = await check({ '/foo': fooAt(open), '/x/{name}': 'http://127.0.0.1:9/{name}.git' });
    expect(down.code).toBe(1);
    expect(down.stdout).toContain('    cause: nothing listens at 127.0.0.1:9');
  });

  it('says where settings come from, and what is wrong with either file', async () => {
    const { config, vanity } = await files({
      config: 'refresh: 5s\n',
      vanity: `host: my.corp\npaths: { /f: ${fooAt(open)} }\n`,
    });
    const good = await modhaven(['check', '--config', config], { env: { MODHAVEN_VCS_TIMEOUT: '9s' } });
    expect(good.stdout).toContain(`  refresh: 5s (${config}:1:10)\n`);
    expect(good.stdout).toContain('  vcs.timeout: 9s (MODHAVEN_VCS_TIMEOUT)\n');
    await writeFile(config, 'refesh: 5s\n');
    await writeFile(vanity, 'hots: my.corp\n');
    const bad = await modhaven(['check', '--config', config]);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('modhaven.yaml:1:1: unknown key "refesh"; did you mean "refresh"?');
    expect(bad.stderr).toContain('vanity.yaml:1:1: unknown key "hots"; did you mean "host"?');
  });

  it('says which module no rule covers, and tries the others', async () => {
    const { code, stdout } = await check({ '/foo': fooAt(open) }, ['elsewhere.com/x', 'mycompany.com/foo']);
    expect(code).toBe(1);
    expect(table(stdout)).toMatchObject([
      { MODULE: 'mycompany.com/foo', REACHED: 'yes' },
      { MODULE: 'elsewhere.com/x', RULE: 'none', REACHED: 'NO' },
    ]);
    expect(stdout).toMatch(/cause: no rule in \S+vanity\.yaml covers it/);
  });

  it('tries the modules that are named, also those of a pattern', async () => {
    const paths = { '/{name}': `${open.url}/{name}.git`, '/other': 'http://127.0.0.1:9/other.git' };
    const good = await check(paths, ['mycompany.com/foo']);
    expect(good.code).toBe(0);
    expect(table(good.stdout)).toMatchObject([
      { MODULE: 'mycompany.com/foo', REACHED: 'yes', VERSIONS: '2' },
    ]);
    const bad = await check(paths, ['mycompany.com/foo', 'mycompany.com/nope']);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('1 of 2 repositories could not be read');
  });

  it('refuses a module that no rule covers', async () => {
    const { code, stdout, stderr, vanity } = await check({ '/foo': fooAt(open) }, ['elsewhere.com/x']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `modhaven: no rule in ${vanity} covers elsewhere.com/x; check the spelling, or add a rule\n`,
    );
  });

  it('prints the same as JSON', async () => {
    const { code, stdout } = await check(
      { '/foo': fooAt(open), '/bad': 'http://127.0.0.1:9/foo.git', '/{name}/x': `${open.url}/{name}.git` },
      ['--json'],
    );
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ ok: false, warnings: [] });
    expect(report.rules).toMatchObject([
      {
        module: 'mycompany.com/foo',
        repository: fooAt(open),
        reached: true,
        skipped: false,
        defaultBranch: 'main',
        versions: 2,
      },
      {
        module: 'mycompany.com/bad',
        reached: false,
        skipped: false,
        problem: 'nothing listens at 127.0.0.1:9',
        remedy: expect.stringContaining('correct host and port') as string,
      },
      { reached: false, skipped: true },
    ]);
  });

  it('prints warnings first', async () => {
    const { stdout, vanity } = await check({ '/foo': `${open.url.replace('//', '//me:pw@')}/foo.git` });
    expect(stdout).toMatch(/^warning: /);
    expect(stdout).toContain(`warning: ${vanity}:3:9: the address holds a password`);
    expect(stdout).not.toContain('pw@');
  });
});

/** The rows of the report by the words of its first line; cells are two spaces apart. */
function table(report: string): Record<string, string>[] {
  const lines = report.split('\n').filter((line) => /\S {2,}\S/.test(line) && !line.startsWith(' '));
  const [names = [], ...rows] = lines.map((line) => line.split(/ {2,}/));
  return rows.map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])));
}
