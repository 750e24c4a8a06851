/** Package documentation: the field's own tool reads it through modhaven, of private modules and of public ones. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repo } from '../../support/git/git-repo.js';
import { startPkgsite, type Pkgsite } from '../../support/hosts/pkgsite.js';
import { publicProxy } from '../../support/hosts/public-proxy.js';
import { missing } from '../../support/requirements.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until } from '../../support/ask.js';

const SETUP_MS = 600_000;
const proxy = missing('git', 'go') ? undefined : publicProxy();

describe.skipIf(proxy === undefined)('pkgsite in front of modhaven', () => {
  let server: ModhavenServer;
  let pkgsite: Pkgsite;

  beforeAll(async () => {
    if (proxy === undefined) return;
    const root = await tempDir('pkgsite');
    const made = await repo(path.join(root, 'greet.git'));
    await made
      .write({
        'go.mod': 'module corp.test/greet\n\ngo 1.20\n',
        'greet.go':
          '// Package greet says hello to colleagues.\npackage greet\n\n// Hello greets whoever is named.\nfunc Hello(name string) string { return name }\n',
      })
      .commit('one');
    await made.tag('v1.2.3');
    const config = { upstream: proxy.url, docs_url: 'http://docs.test/{path}@{version}' };
    const vanity = `host: corp.test\npaths:\n  /greet: ${path.join(root, 'greet.git')}\n`;
    server = await startServer({ config, vanity, env: proxy.env });
    pkgsite = await startPkgsite(proxy, server.url);
  }, SETUP_MS);
  afterAll(async () => {
    await pkgsite.stop();
    await server.stop();
  });

  /**
   * The page of a version. pkgsite keeps the failure of its first question for good, so it is asked when modhaven has
   * what it cannot do without: an outage before that is told in the words of modhaven.
   */
  async function documentation(module: string, version: string): Promise<string> {
    for (const part of ['info', 'mod', 'zip']) {
      const { status, text } = await until(
        () => ask(server.url, `/${module}/@v/${version}.${part}`),
        (answer) => answer.status === 200,
      );
      expect(status, `${part} of ${module}: ${text.slice(0, 600)}`).toBe(200);
    }
    const { status, text } = await ask(pkgsite.url, `/${module}@${version}`);
    // Its page of an error has no cause; the logs may have.
    expect(status, `${pkgsite.logs().slice(-3_000)}\n${server.logs().slice(-3_000)}`).toBe(200);
    return text;
  }

  it('shows the documentation of a private module', async () => {
    const page = await documentation('corp.test/greet', 'v1.2.3');
    expect(page).toContain('Package greet says hello to colleagues.');
    expect(page).toContain('Hello greets whoever is named.');
  });

  it('and of a public one, which comes through modhaven, too', async () => {
    expect(await documentation('rsc.io/quote', 'v1.5.2')).toContain('Package quote collects pithy sayings.');
    const index = await (await fetch(`${server.url}/-/index`)).text();
    expect(index).toContain('"Path":"rsc.io/quote","Version":"v1.5.2"');
  });
});
