/**
 * A real `go` that has nothing but GOPROXY and GOSUMDB of a modhaven: it accepts what the database says, and refuses
 * everything that a server in between, or a database that went wrong, makes of it.
 */
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKey } from '../../src/sumdb/format/note.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { goClient, type GoClient } from '../support/go.js';
import { publicProxy } from '../support/hosts/public-proxy.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer, type ServerOptions } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { logged } from '../support/ask.js';
import { tamperingProxy, type TamperingProxy } from './tampering-proxy.js';

const NAME = 'sum.mycompany.example';
const MODULE = 'mycompany.example/go/foo';

/** Of the format's own tests: small, with a requirement, and public for ever. */
const PUBLIC = 'rsc.io/quote@v1.5.2';
const PUBLIC_SUM = 'h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=';

const proxy = missing('go') ? undefined : publicProxy(PUBLIC);

describe.skipIf(missing('git', 'go'))('a checksum database of ours', () => {
  const { signerKey, verifierKey } = generateKey(NAME);
  let host: GitHttpHost;
  let home: GitRepo;
  let server: ModhavenServer;
  let middle: TamperingProxy;
  let options: ServerOptions;

  beforeAll(async () => {
    const root = await tempDir('homes');
    home = await repo(path.join(root, 'go/foo.git'));
    for (const number of [0, 1, 2, 3, 4, 5, 6, 7]) {
      home.at(`2024-01-0${number + 1}T00:00:00Z`).write({
        'go.mod': `module ${MODULE}\n\ngo 1.21\n`,
        'foo.go': `package foo\n\nconst Number = ${number}\n`,
      });
      await home.commit(`number ${number}`);
      await home.tag(`v1.${number}.0`);
    }
    host = await gitHttpHost(root);
    const dir = await tempDir('server');
    await writeFile(path.join(dir, 'sumdb.key'), `${signerKey}\n`, { mode: 0o600 });
    const config = { sumdb: { name: NAME, key_file: './sumdb.key' }, upstream: proxy?.url };
    const vanity = { host: 'mycompany.example', paths: { '/go/foo': `${host.url}/go/foo.git` } };
    options = { dir, config, vanity, env: proxy?.env ?? {} };
    server = await startServer(options);
    middle = await tamperingProxy(() => server.url);
  });

  afterAll(async () => {
    await middle.stop();
    await server.stop();
    await host.stop();
  });

  /** A new developer's machine that knows the key, behind the server or behind a party in the middle. */
  async function developer(proxy = server.url, gosumdb = verifierKey): Promise<GoClient> {
    return goClient({ GOPROXY: proxy, GOSUMDB: gosumdb, GONOSUMDB: 'none', GONOPROXY: 'none' });
  }

  it('is accepted for a private module, and for later versions of it', async () => {
    await using go = await developer();
    for (const version of ['v1.0.0', 'v1.1.0']) {
      const download = await go.downloadJson(`${MODULE}@${version}`);
      expect(download).toMatchObject({ Version: version, Sum: expect.stringMatching(/^h1:/) as string });
    }
    await writeFile(
      path.join(go.dir, 'main.go'),
      `package main\n\nimport "${MODULE}"\n\nfunc main() { println(foo.Number) }\n`,
    );
    expect(await go.run('get', `${MODULE}@v1.1.0`)).toMatchObject({ code: 0 });
    expect(await go.run('run', '.')).toMatchObject({ code: 0, stderr: '1\n' });
  });

  it('is accepted under its own address, too', async () => {
    await using go = await developer(server.url, `${verifierKey} ${server.url}/sumdb/${NAME}`);
    expect(await go.downloadJson(`${MODULE}@v1.1.0`)).toMatchObject({ Version: 'v1.1.0' });
  });

  it.skipIf(proxy === undefined)(
    'is accepted for a public module, which was verified against the public database',
    async () => {
      await using go = await developer();
      expect(await go.downloadJson(PUBLIC)).toMatchObject({ Sum: PUBLIC_SUM });
      const lookup = await fetch(`${server.url}/sumdb/${NAME}/lookup/${PUBLIC}`);
      expect(await lookup.text()).toContain(`rsc.io/quote v1.5.2 ${PUBLIC_SUM}\n`);
    },
  );

  it('answers 404 for a version that does not exist', async () => {
    const answer = await fetch(`${server.url}/sumdb/${NAME}/lookup/${MODULE}@v9.9.9`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain(`not found: ${MODULE}@v9.9.9`);
  });

  it('makes go refuse a zip that was changed on the way', async () => {
    await using go = await developer(middle.url);
    const other = await (await fetch(`${server.url}/${MODULE}/@v/v1.0.0.zip`)).arrayBuffer();
    // A whole zip of the right module and version, whose content is that of another.
    middle.change(/foo\/@v\/v1\.2\.0\.zip$/, () =>
      Buffer.from(Buffer.from(other).toString('latin1').replaceAll('@v1.0.0/', '@v1.2.0/'), 'latin1'),
    );
    const { code, stderr } = await go.run('mod', 'download', `${MODULE}@v1.2.0`);
    expect(code).toBe(1);
    expect(stderr).toContain(`verifying module: checksum mismatch`);
    expect(stderr).toContain(`${NAME}: h1:`);
    expect(stderr).toContain('SECURITY ERROR');
    expect(stderr).toContain('This download does NOT match the one reported by the checksum server.');
  });

  it('makes go refuse a tile that was changed on the way', async () => {
    await using go = await developer(middle.url);
    middle.change(/\/tile\/8\/0\//, (body) =>
      Buffer.from(body.map((byte, i) => (i === 0 ? byte ^ 1 : byte))),
    );
    const { code, stderr } = await go.run('mod', 'download', `${MODULE}@v1.3.0`);
    middle.change(/\/tile\/8\/0\//, (body) => body);
    expect(code).toBe(1);
    expect(stderr).toContain('downloaded inconsistent tile');
  });

  it('makes go refuse a record of another version', async () => {
    await using go = await developer(middle.url);
    const other = await fetch(`${server.url}/sumdb/${NAME}/lookup/${MODULE}@v1.0.0`);
    const text = Buffer.from(await other.arrayBuffer());
    middle.change(/\/lookup\/.*@v1\.3\.0$/, () => text);
    const { code, stderr } = await go.run('mod', 'download', `${MODULE}@v1.3.0`);
    middle.change(/\/lookup\/.*@v1\.3\.0$/, (body) => body);
    expect(code).toBe(1);
    expect(stderr).toContain('checksum missing from sumdb response');
  });

  it('makes go refuse a tree that another key has signed', async () => {
    await using go = await developer(server.url, generateKey(NAME).verifierKey);
    const { code, stderr } = await go.run('mod', 'download', `${MODULE}@v1.0.0`);
    expect(code).toBe(1);
    expect(stderr).toContain('reading tree note: note has no verifiable signatures');
  });

  it('keeps out a version whose tag was moved, once the cache is lost', async () => {
    await using go = await developer(middle.url);
    const before = await go.downloadJson(`${MODULE}@v1.1.0`);
    await server.stop();
    await rm(path.join(server.cacheDir, 'download'), { recursive: true });
    await rm(path.join(server.cacheDir, 'vcs'), { recursive: true });
    home.at('2024-02-01T00:00:00Z').write({ 'foo.go': 'package foo\n\nconst Number = 666\n' });
    await home.commit('rewritten');
    await home.tag('v1.1.0', { force: true });
    server = await startServer(options);

    await using newcomer = await developer(middle.url);
    const { Error: refusal } = await newcomer.downloadJson(`${MODULE}@v1.1.0`);
    expect(refusal).toContain('403 Forbidden');
    expect(refusal).toContain(
      `refused: ${MODULE}@v1.1.0: its zip is not the one that the checksum database has`,
    );
    expect(refusal).toMatch(new RegExp(`recorded ${before.Sum?.replace(/[+/]/g, '.') ?? ''}, now h1:.{44}`));
    expect(refusal).toContain('release a new version, or put the old commit back under the tag');
    await logged(server, 'SECURITY: a version is not what was recorded');
    const status = (await (await fetch(`${server.url}/-/status`)).json()) as { sumdb: unknown };
    expect(status.sumdb).toMatchObject({
      name: NAME,
      refused: [{ module: MODULE, version: 'v1.1.0', part: 'zip', recorded: before.Sum }],
    });
    expect(await newcomer.downloadJson(`${MODULE}@v1.0.0`)).toMatchObject({ Version: 'v1.0.0' });
  });

  it('that was rolled back does not start; where it is made to, and grows on, go reports the fork', async () => {
    await using go = await developer(middle.url);
    const witness = path.join(server.dir, 'sumdb.key.witness');
    const log = path.join(server.cacheDir, 'sumdb', NAME);
    const backup = `${log}.backup`;
    await go.downloadJson(`${MODULE}@v1.4.0`);
    await cp(log, backup, { recursive: true });
    await go.downloadJson(`${MODULE}@v1.5.0`);

    await server.stop();
    await rm(log, { recursive: true });
    await cp(backup, log, { recursive: true });
    await expect(startServer(options)).rejects.toThrow(
      /the checksum database in .* was rolled back: it has \d+ records, but \d+ were signed and shown before/,
    );

    await rm(witness);
    await expect(startServer(options)).rejects.toThrow('the witness');
    // A person does not listen, and takes the old tree for the whole.
    await forgetWitness(log, witness);
    server = await startServer(options);

    // It has the same tree, only older: nothing is wrong with it yet, for go.
    await using newcomer = await developer();
    await newcomer.downloadJson(`${MODULE}@v1.6.0`);
    await newcomer.downloadJson(`${MODULE}@v1.7.0`);
    const { code, stderr } = await go.run('mod', 'download', `${MODULE}@v1.6.0`);
    expect(code).toBe(1);
    expect(stderr).toContain('SECURITY ERROR\ngo.sum database server misbehavior detected!');
    expect(stderr).toContain(`old database:\n\tgo.sum database tree`);
    expect(stderr).toContain('proof of misbehavior:');
  });
});

/** Makes the newest signed tree of the log its witness. */
async function forgetWitness(log: string, witness: string): Promise<void> {
  const last = (await readdir(path.join(log, 'commit'))).sort().at(-1) ?? '';
  const text = await readFile(path.join(log, 'commit', last), 'utf8');
  await writeFile(witness, text.slice(text.lastIndexOf('go.sum database tree')));
}
