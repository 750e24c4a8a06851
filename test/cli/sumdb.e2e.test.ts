/** `modhaven sumdb`, as an admin runs it. */
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { goModHash } from '../../src/module/files/dirhash.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { putBytes } from '../../src/store/version-store.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { readModuleZip } from '../../src/zip/check.js';
import { openLog } from '../../src/sumdb/log/log.js';
import { parseSignerKey, parseVerifierKey } from '../../src/sumdb/format/note.js';
import { goSumLines } from '../../src/sumdb/format/record.js';
import { fill, silent } from '../sumdb/log/log-lab.js';
import { modhaven } from '../support/server.js';
import { files } from './support/files.js';

const NAME = 'sum.mycompany.com';
const MODULE = parseModulePath('mycompany.com/go/foo');
const MOD = Buffer.from(`module ${MODULE}\n`);

let dir: string;
let config: string;
let keygen: string;

beforeAll(async () => {
  ({ dir, config } = await files({
    config: `upstream: https://proxy.corp\nsumdb:\n  name: ${NAME}\n  key_file: ./keys/sumdb.key\n`,
    vanity: 'host: mycompany.com\npaths:\n  /go/{name}: http://git.mycompany.com/{name}.git\n',
  }));
  const key = path.join(dir, 'keys/sumdb.key');
  const { code, stdout } = await modhaven(['sumdb', 'keygen', '--name', NAME, '--out', key]);
  expect(code).toBe(0);
  keygen = stdout;
});

async function sumdb(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await modhaven(['sumdb', ...args, '--config', config]);
  return { code, text: stdout + stderr };
}

const keyFile = () => path.join(dir, 'keys/sumdb.key');
const verifierKey = () => /GOSUMDB=(.*)/.exec(keygen)?.[1] ?? '';

async function open() {
  const signer = parseSignerKey((await readFile(keyFile(), 'utf8')).trim());
  const place = { dir: path.join(dir, 'data/sumdb', NAME), witnessFile: `${keyFile()}.witness` };
  return openLog(place, signer, silent);
}

describe('modhaven sumdb keygen', () => {
  it('writes a private key that no other account can read, and says what to do', async () => {
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    const { verifier } = parseSignerKey((await readFile(keyFile(), 'utf8')).trim());
    expect(verifier.text).toBe(verifierKey());
    expect(parseVerifierKey(verifierKey()).name).toBe(NAME);
    expect(keygen).toContain(`  sumdb:\n    name: ${NAME}\n    key_file: ${keyFile()}\n`);
    expect(keygen).not.toContain('PRIVATE+KEY');
  });

  it('never replaces a key', async () => {
    const before = await readFile(keyFile(), 'utf8');
    const { code, stderr } = await modhaven(['sumdb', 'keygen', '--name', NAME, '--out', keyFile()]);
    expect(code).toBe(2);
    expect(stderr).toContain('is there already: a key that is in use must not be lost');
    expect(await readFile(keyFile(), 'utf8')).toBe(before);
  });

  it.each(['sum.golang.org', 'Sum.Corp', 'a b', 'a+b', 'host/path', ''])(
    'refuses the name %j',
    async (name) => {
      const { code } = await modhaven(['sumdb', 'keygen', '--name', name, '--out', path.join(dir, 'no')]);
      expect(code).toBe(2);
      await expect(stat(path.join(dir, 'no'))).rejects.toThrow('ENOENT');
    },
  );
});

describe('modhaven env', () => {
  it('prints the database, and leaves no module out', async () => {
    const { stdout } = await modhaven(['env', '--config', config, '--format', 'go-env']);
    expect(stdout).toBe(
      `go env -w GOPROXY=http://127.0.0.1:10000\ngo env -w GOSUMDB=${verifierKey()}\n` +
        'go env -w GONOSUMDB=none\ngo env -w GONOPROXY=none\n',
    );
  });
});

describe('modhaven sumdb status and verify', () => {
  it('begin with nothing', async () => {
    expect(await sumdb('status')).toEqual({
      code: 0,
      text: expect.stringMatching(/^name {10}sum\.mycompany\.com\nrecords {7}0\n/) as string,
    });
    expect((await sumdb('verify')).code).toBe(0);
  });

  it('say where there is no database, or no key', async () => {
    const other = await files({ vanity: 'paths: {}\n' });
    const none = await modhaven(['sumdb', 'status', '--config', other.config]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('there is no checksum database')]);
    await writeFile(other.config, `sumdb: { name: ${NAME}, key_file: ./none }\n`);
    const noKey = await modhaven(['sumdb', 'verify', '--config', other.config]);
    expect([noKey.code, noKey.stderr]).toEqual([2, expect.stringContaining('modhaven sumdb keygen --name')]);
    await writeFile(other.config, `sumdb: { name: sum.other.com, key_file: ${keyFile()} }\n`);
    const wrong = await modhaven(['sumdb', 'verify', '--config', other.config]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining(`this key is for ${NAME}`)]);
  });

  it('show a log that has grown, and check what is stored against it', async () => {
    const log = await open();
    await fill(log, 0, 300);
    const store = createDiskStore(path.join(dir, 'data/download'));
    const part = { module: MODULE, version: 'v1.0.0' as const };
    await store.put({ ...part, kind: 'zip' }, async (sink) => {
      const writer = createZipWriter(sink);
      await writer.addBuffer(`${MODULE}@v1.0.0/go.mod`, MOD);
      await writer.finish();
    });
    await putBytes(store, { ...part, kind: 'mod' }, MOD);
    const zip = path.join(dir, 'data/download', MODULE, '@v/v1.0.0.zip');
    const sums = { zip: (await readModuleZip(zip, `${MODULE}@v1.0.0`)).hash, mod: goModHash(MOD) };
    await log.append(goSumLines(MODULE, 'v1.0.0', sums));

    const status = JSON.parse((await sumdb('status', '--json')).text) as unknown;
    expect(status).toMatchObject({
      name: NAME,
      records: 301,
      rootHash: log.head().hash.toString('base64'),
      verifierKey: verifierKey(),
      witness: { records: 301 },
    });
    expect(await sumdb('verify')).toEqual({
      code: 0,
      text: `${NAME}: 301 records, 1 of them with files in the cache: all as signed\n`,
    });

    await writeFile(path.join(dir, 'data/download', MODULE, '@v/v1.0.0.mod'), 'module evil\n');
    const { code, text } = await sumdb('verify');
    expect(code).toBe(1);
    expect(text).toContain(`${MODULE}@v1.0.0: its go.mod is ${goModHash(Buffer.from('module evil\n'))}`);
    expect(text).toContain(`recorded is ${sums.mod}`);
    expect(text).toContain('1 not as signed');
    await rm(path.join(dir, 'data/download'), { recursive: true });
  });

  it('say what to do when the witness is lost, and make a new one', async () => {
    await rm(`${keyFile()}.witness`);
    const lost = await sumdb('status');
    expect(lost.code).toBe(1);
    expect(lost.text).toMatch(/ sumdb verify --config \S+ --renew-witness/);
    expect(await sumdb('verify', '--renew-witness')).toMatchObject({
      code: 0,
      text: expect.stringContaining('.witness has 301 records now') as string,
    });
    expect((await sumdb('status')).code).toBe(0);
  });

  it('exit with 1 for a damaged log, and say where', async () => {
    const folder = path.join(dir, 'data/sumdb', NAME, 'commit');
    const [first = ''] = await readdir(folder);
    await rm(path.join(folder, first));
    for (const command of ['status', 'verify']) {
      const { code, text } = await sumdb(command);
      expect(code).toBe(1);
      expect(text).toMatch(/is (?:damaged: .*(?:missing|is there)|.*rolled back)/);
      expect(text).toContain('docs/checksum-database.md');
    }
  });
});
