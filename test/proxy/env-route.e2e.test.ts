import { describe, expect, it } from 'vitest';
import { ask } from '../support/ask.js';
import { mustRun } from '../support/run.js';
import { modhaven, startServer } from '../support/server.js';

const VANITY = 'host: acme.test\npaths:\n  /{name}: http://127.0.0.1:9/{name}.git\n';
const CONFIG = 'public_url: https://go.acme.test\n';

describe('/-/env', () => {
  it('is what modhaven env prints, whatever Host is asked', async () => {
    await using server = await startServer({ config: `${CONFIG}vanity: ./vanity.yaml\n`, vanity: VANITY });
    for (const format of ['shell', 'powershell', 'go-env']) {
      const { stdout } = await modhaven(['env', '--config', server.configFile, '--format', format]);
      const reply = await ask(server.url, `/-/env?format=${format}`, { headers: { Host: 'acme.test' } });
      expect(reply.status).toBe(200);
      expect(reply.text).toBe(stdout);
    }
    const { text, headers } = await ask(server.url, '/-/env', { headers: { Host: 'elsewhere.test:1' } });
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    const shell = ['-c', `eval "$1"; printf '%s %s %s' "$GOPROXY" "$GONOPROXY" "$GONOSUMDB"`, 'sh', text];
    expect(await mustRun('sh', shell)).toBe('https://go.acme.test none acme.test');
  });

  it('is the same from workers, and open where auth asks for logins', async () => {
    const config = `${CONFIG}workers: 2\nvanity: ./vanity.yaml\nauth: { rules: [], pages: authenticated, public: authenticated }\n`;
    await using server = await startServer({ config, vanity: VANITY });
    const reply = await ask(server.url, '/-/env');
    expect(reply.status).toBe(200);
    expect(reply.text).toContain('export GOPROXY=https://go.acme.test\n');
  });

  it('names the formats there are', async () => {
    await using server = await startServer({ vanity: VANITY });
    const reply = await ask(server.url, '/-/env?format=fish');
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('shell, powershell, go-env');
  });
});

describe('/-/status', () => {
  it('keeps names that no host knows apart from outages', async () => {
    const vanity =
      'host: acme.test\npaths:\n  /down: http://127.0.0.1:9/x.git\n  /{name}: /nowhere/{name}.git\n';
    await using server = await startServer({ vanity });
    const typo = await ask(server.url, '/acme.test/typo/@v/list');
    expect(typo.text).toContain('check the spelling; if it is right, tell the admin of ');
    expect((await ask(server.url, '/acme.test/down/@v/list')).text).not.toContain('vanity.yaml');
    const { text } = await ask(server.url, '/-/status');
    const status = JSON.parse(text) as Record<string, { text: string }[]>;
    expect(status.problems?.map((problem) => problem.text)).toEqual([
      expect.stringContaining('in repo: of the rule in vanity.yaml'),
    ]);
    expect(status.unknownRepositories).toHaveLength(1);
  });
});
