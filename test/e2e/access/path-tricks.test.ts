/**
 * One file of a private module under every spelling that a web server in front could read as its path: nginx decodes, resolves
 * `..`, ends a path at `#` and heeds no query, and what modhaven says at `/-/auth` must be about the file that nginx then sends.
 */
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repo } from '../../support/git/git-repo.js';
import { nginxHost, type NginxHost } from '../../support/hosts/nginx-host.js';
import { missing } from '../../support/requirements.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until } from '../../support/ask.js';

const SECRET = 'module corp.test/secret/here\n';
const FILE = '/corp.test/secret/here/@v/v1.0.0.mod';
const ANN = { Authorization: `Basic ${Buffer.from('ann:right').toString('base64')}` };

const TARGETS = [
  FILE,
  `${FILE}?go-get=1`,
  `${FILE}?x=1&go-get=1`,
  `${FILE}?/../`,
  `/x/..${FILE}`,
  `/.${FILE}`,
  `/${FILE}`,
  `/%2e%2e${FILE}`,
  `${FILE}#`,
  `${FILE}#/..`,
  `${FILE}#/%2f`,
  `${FILE}#?go-get=1`,
  `${FILE};x`,
  `${FILE}%00`,
  FILE.replace('.', '%2e'),
  FILE.replace('.mod', '%2emod'),
  FILE.replace('/secret', '%2fsecret'),
  FILE.replace('/c', '/%63'),
  FILE.replace('@v', '%40v'),
  FILE.replace('@v', '%40%76'),
  FILE.replace('@v', '@%76'),
  FILE.replace('/@v', '/./@v'),
  FILE.replace('/@v/', '/@v/./'),
  FILE.replace('/@v/', '//@v/'),
  FILE.replace('/corp', '/Corp'),
  FILE.replace('/secret', '/!secret'),
  `/-/healthz/../..${FILE}`,
  `/-/..${FILE}`,
  `/-/assets/..%2f..${FILE}`,
  `/sumdb/x/../..${FILE}`,
  `http://corp.test${FILE}`,
  `http://corp.test/x/..${FILE}`,
  `http://corp.test${FILE}?go-get=1`,
  '/-/download/corp.test/secret/here/@v/v1.0.0.mod',
];

/** The response to a request line as it is written. */
function send(port: number, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write(`GET ${target} HTTP/1.1\r\nHost: corp.test\r\nConnection: close\r\n\r\n`),
    );
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

describe.skipIf(missing('git', 'nginx'))('a private file under many spellings', () => {
  let server: ModhavenServer;
  let fronts: { files: NginxHost; named: NginxHost };

  beforeAll(async () => {
    const root = await tempDir('path-tricks');
    const made = await repo(path.join(root, 'here.git'));
    await made.write({ 'go.mod': SECRET, 'x.go': 'package x\n' }).commit('one');
    await made.tag('v1.0.0');
    const dir = await tempDir('server');
    await writeFile(path.join(dir, 'users'), `ann:${bcrypt.hashSync('right', 4)}\n`);
    server = await startServer({
      dir,
      config: {
        trust_proxy: ['127.0.0.1'],
        auth: { htpasswd_file: './users', rules: [{ modules: 'corp.test/*', allow: ['user:ann'] }] },
      },
      vanity: `host: corp.test\npaths:\n  /secret/{name}: ${root}/{name}.git\n`,
    });
    const download = path.join(server.cacheDir, 'download');
    const [files, named] = await Promise.all([
      nginxHost(server.port, { download }),
      nginxHost(server.port, { download, sends: 'what modhaven names' }),
    ]);
    fronts = { files, named };
  });
  afterAll(async () => {
    await Promise.all([fronts.files.stop(), fronts.named.stop()]);
    await server.stop();
  });

  it('is sent to who may read it', async () => {
    for (const { url } of [server, fronts.files, fronts.named]) {
      const { status, text } = await ask(url, FILE, { headers: ANN });
      expect([status, text]).toEqual([200, SECRET]);
    }
    const log = await until(
      () => fronts.files.accessLog(),
      (text) => text !== '',
    );
    expect(log).toContain(FILE);
  });

  it.each(TARGETS)('is not sent to anyone for %s', async (target) => {
    for (const port of [server.port, fronts.files.port, fronts.named.port]) {
      const response = await send(port, target);
      expect(response).toMatch(/^HTTP\/1\.1 40[0134] /);
      expect(response).not.toContain(SECRET);
    }
  });
});
