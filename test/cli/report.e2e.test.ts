/** `modhaven report` beside a running server, and where next to nothing works. */
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { modhaven, startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const SECRET = 'zgpat-3f9c0a7be1d24c55';

describe('modhaven report', () => {
  it('has versions, settings, rules, status and the last errors, and no secret', async () => {
    const server = await startServer({
      config: { webhook: { secret: SECRET }, vcs: { hosts: { 'git.corp': { token: SECRET } } } },
      vanity: { host: 'my.corp', paths: { '/down': 'http://127.0.0.1:9/down.git' } },
    });
    try {
      expect((await fetch(`${server.url}/my.corp/down/@v/list`)).status).toBe(502);
      const listen = new URL(server.url).host;
      const args = ['report', '--config', server.configFile];
      const env = { MODHAVEN_LISTEN: listen };
      const { code, stdout, stderr } = await modhaven(args, { env });
      expect([code, stderr]).toEqual([0, '']);
      for (const text of ['node: 2', 'git: 2', 'webhook.secret: ***', '# rules: 1', '"recentErrors"']) {
        expect(stdout).toContain(text);
      }
      expect(stdout).toContain('nothing listens at 127.0.0.1:9');
      expect(stdout).not.toContain(SECRET);
      const json = await modhaven([...args, '--json'], { env });
      expect(JSON.parse(json.stdout)).toMatchObject({
        ok: true,
        vanity: { rules: 1 },
        server: { address: listen, status: { recentErrors: [{ fields: { code: 'HOST_UNREACHABLE' } }] } },
      });
      expect(json.stdout).not.toContain(SECRET);
    } finally {
      await server.stop();
    }
  });

  it('says what it can where a file has an error and no server runs', async () => {
    const dir = await tempDir('report');
    const config = path.join(dir, 'modhaven.yaml');
    await writeFile(config, 'listen: 127.0.0.1:9\nrefesh: 1s\n');
    const bad = await modhaven(['report', '--config', config]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain(`ERROR ${config}:2:1: unknown key "refesh"; did you mean "refresh"?`);
    expect(bad.stdout).toContain(`listen: 127.0.0.1:9 (${config}:1:9)`);
    await writeFile(config, 'listen: 127.0.0.1:9\n');
    const down = await modhaven(['report', '--config', config]);
    expect(down.code).toBe(1);
    expect(down.stdout).toMatch(/no status: .*ECONNREFUSED/);
    expect(down.stdout).toMatch(/ERROR .*vanity\.yaml: the vanity file cannot be read/);
  });
});
