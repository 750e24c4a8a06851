/** A real `go` with a login against a server that speaks https: every way to log in, and what it prints for each refusal. */
import { chmod, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import bcrypt from 'bcrypt';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goClient, type GoClient } from '../../support/go.js';
import { repo } from '../../support/git/git-repo.js';
import { listenOnLoopback, type LoopbackHost } from '../../support/loopback.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { selfSignedCertificate } from '../../support/hosts/tls-certificate.js';
import { tempDir } from '../../support/tmp.js';
import { until } from '../../support/ask.js';

const AUDIENCE = 'https://goproxy.corp.test';

/** An issuer as GitLab is one: discovery, keys, and tokens for jobs. */
async function startIssuer(): Promise<
  LoopbackHost & { url: string; tokenFor(project: string): Promise<string> }
> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }];
  const server = http.createServer((request, response) => {
    const { port } = host;
    const url = `http://127.0.0.1:${port}`;
    const isKeys = request.url === '/keys';
    response.end(JSON.stringify(isKeys ? { keys } : { issuer: url, jwks_uri: `${url}/keys` }));
  });
  const host = await listenOnLoopback(server);
  const url = `http://127.0.0.1:${host.port}`;
  const tokenFor = (project: string) =>
    new SignJWT({ project_path: project })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(url)
      .setAudience(AUDIENCE)
      .setSubject(`project_path:${project}:ref_type:branch:ref:main`)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
  return { ...host, url, tokenFor };
}

describe.skipIf(missing('git', 'go', 'openssl'))('go with a login over https', () => {
  let server: ModhavenServer;
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let certFile: string;
  let address: string;
  const clients: GoClient[] = [];

  beforeAll(async () => {
    const root = await tempDir('go-login');
    for (const name of ['core', 'apps']) {
      const made = await repo(path.join(root, `${name}.git`));
      await made.write({ 'go.mod': `module corp.test/${name}\n`, 'x.go': `package ${name}\n` }).commit('one');
      await made.tag('v1.0.0');
    }
    const certificate = await selfSignedCertificate(['127.0.0.1']);
    certFile = certificate.certFile;
    issuer = await startIssuer();
    const dir = await tempDir('server');
    const hash = bcrypt.hashSync('right', 4);
    await writeFile(path.join(dir, 'users'), `ann:${hash}\nbob:${hash}\n`);
    await writeFile(path.join(dir, 'groups'), 'ann: core\nbob: apps\n');
    await writeFile(path.join(dir, 'tokens.yaml'), '');
    await writeFile(path.join(dir, 'cert.pem'), certificate.cert);
    await writeFile(path.join(dir, 'key.pem'), certificate.key, { mode: 0o600 });
    server = await startServer({
      dir,
      config: {
        workers: 2,
        tls: { cert_file: './cert.pem', key_file: './key.pem' },
        auth: {
          htpasswd_file: './users',
          groups_file: './groups',
          tokens_file: './tokens.yaml',
          oidc: [{ issuer: issuer.url, audience: AUDIENCE, groups: 'project:{project_path}' }],
          rules: [
            { modules: 'corp.test/core', allow: ['group:core', 'user:ci', 'group:project:team/app'] },
            { modules: 'corp.test/apps', allow: ['group:apps'] },
          ],
        },
      },
      vanity: `host: corp.test\npaths:\n  /{name}: ${root}/{name}.git\n`,
    });
    address = `127.0.0.1:${server.port}`;
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.stop()));
    await Promise.all([server.stop(), issuer.stop()]);
  });

  async function go(env: Record<string, string> = {}): Promise<GoClient> {
    const base = { GOPROXY: `https://${address}`, SSL_CERT_FILE: certFile, NETRC: '/nonexistent' };
    const client = await goClient({ ...base, ...env });
    clients.push(client);
    return client;
  }

  async function withNetrc(line: string): Promise<GoClient> {
    const file = path.join(await tempDir('netrc'), 'netrc');
    await writeFile(file, `${line}\n`, { mode: 0o600 });
    return go({ NETRC: file });
  }

  async function addToken(name: string): Promise<string> {
    const added = await modhaven(['token', 'add', name, '--config', server.configFile]);
    return added.stdout.split('\n', 1)[0] ?? '';
  }

  it('prints the netrc line, which works as it is pasted', async () => {
    const { Error: said = '' } = await (await go()).downloadJson('corp.test/core@v1.0.0');
    expect(said).toContain('401 Unauthorized');
    const line = /machine \S+ login NAME password TOKEN/.exec(said)?.[0] ?? '';
    expect(line).toContain(`machine ${address} `);
    const pasted = await withNetrc(line.replace('NAME', 'ann').replace('TOKEN', 'right'));
    expect(await pasted.downloadJson('corp.test/core@v1.0.0')).toMatchObject({ Version: 'v1.0.0' });
  });

  it('gives each group its modules, and tells the others whom to ask', async () => {
    const ann = await withNetrc(`machine ${address} login ann password right`);
    const bob = await withNetrc(`machine ${address} login bob password right`);
    expect(await ann.versions('corp.test/core')).toEqual(['v1.0.0']);
    expect(await bob.downloadJson('corp.test/apps@latest')).toMatchObject({ Version: 'v1.0.0' });
    for (const query of ['corp.test/core@v1.0.0', 'corp.test/core@latest']) {
      const { Error: said = '' } = await bob.downloadJson(query);
      expect(said).toContain('403 Forbidden');
      expect(said).toContain('bob may not read corp.test/core');
      expect(said).toContain(`ask the admin of ${address}`);
    }
  });

  it('takes a token in the URL and from a GOAUTH command, until it is revoked', async () => {
    const token = await addToken('ci');
    const inUrl = await until(
      async () =>
        (await go({ GOPROXY: `https://x:${token}@${address}` })).downloadJson('corp.test/core@v1.0.0'),
      ({ Error: said }) => said === undefined,
    );
    expect(inUrl).toMatchObject({ Version: 'v1.0.0' });
    const script = path.join(await tempDir('goauth'), 'login');
    const lines = [`https://${address}`, '', `Authorization: Bearer ${token}`, '', ''];
    await writeFile(script, `#!/bin/sh\nprintf '${lines.join('\\n')}'\n`);
    await chmod(script, 0o700);
    const byCommand = await go({ GOAUTH: script });
    expect(await byCommand.downloadJson('corp.test/core@v1.0.0')).toMatchObject({ Version: 'v1.0.0' });
    await modhaven(['token', 'revoke', 'ci', '--config', server.configFile]);
    const said = await until(
      async () => (await (await go({ GOAUTH: script })).downloadJson('corp.test/core@v1.0.0')).Error ?? '',
      (text) => text !== '',
    );
    expect(said).toContain('the token has expired or was revoked');
  });

  it('takes the identity of a CI job, by its project', async () => {
    const job = async (project: string) =>
      withNetrc(`machine ${address} login job password ${await issuer.tokenFor(project)}`);
    expect(await (await job('team/app')).downloadJson('corp.test/core@v1.0.0')).toMatchObject({
      Version: 'v1.0.0',
    });
    const { Error: said } = await (await job('team/other')).downloadJson('corp.test/core@v1.0.0');
    expect(said).toContain('project_path:team/other:ref_type:branch:ref:main may not read corp.test/core');
  });
});
