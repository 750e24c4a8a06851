import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSettings, vcsSettings } from '../../src/config/settings.js';
import { tempDir } from '../support/tmp.js';

let file: string;
beforeEach(async () => {
  file = join(await tempDir('settings'), 'modhaven.yaml');
  await writeFile(file, 'refresh: 10s\n');
});

const open = (listen?: string) => createSettings(file, { listen }, {});

describe('createSettings', () => {
  it('takes what a running server can change', async () => {
    const settings = open();
    await writeFile(file, 'refresh: 20s\nupstream: https://proxy.corp\n');
    expect(settings.reload()).toEqual([]);
    expect(settings.current().refreshMs).toBe(20_000);
    expect(settings.current().upstream).toHaveLength(1);
  });

  it('keeps and names what needs a restart, and takes the rest', async () => {
    const settings = open();
    const before = settings.current();
    await writeFile(file, 'refresh: 20s\nlisten: 127.0.0.1:1\nworkers: 2\ncache: { dir: ./other }\n');
    expect(settings.reload()).toEqual(['listen', 'cache.dir', 'workers']);
    const { listen, cacheDir, workers } = before;
    expect(settings.current()).toMatchObject({ listen, cacheDir, workers, refreshMs: 20_000 });
    // As long as the file says so, and no longer.
    expect(settings.reload()).toEqual(['listen', 'cache.dir', 'workers']);
    await writeFile(file, 'refresh: 20s\n');
    expect(settings.reload()).toEqual([]);
  });

  it('takes another store and another checksum database at once', async () => {
    const settings = open();
    await writeFile(file, 'store: { s3: { bucket: b } }\nsumdb: { name: sum.corp, key_file: ./key }\n');
    expect(settings.reload()).toEqual([]);
    expect(settings.current()).toMatchObject({ s3: { bucket: 'b' }, sumdb: { name: 'sum.corp' } });
  });

  it('takes other files of a certificate at once, and https instead of http not before a restart', async () => {
    const pair = (name: string) => `tls: { cert_file: ./${name}.crt, key_file: ./${name}.key }\n`;
    const plain = open();
    await writeFile(file, pair('a'));
    expect(plain.reload()).toEqual(['tls']);
    expect(plain.current().tls).toBeUndefined();
    const secure = open();
    await writeFile(file, pair('b'));
    expect(secure.reload()).toEqual([]);
    expect(secure.current().tls?.certFile).toMatch(/b\.crt$/);
    await writeFile(file, '{}\n');
    expect(secure.reload()).toEqual(['tls']);
    expect(secure.current().tls?.certFile).toMatch(/b\.crt$/);
  });

  it('names no address to developers at which it does not listen yet', async () => {
    const settings = open();
    await writeFile(file, 'listen: 127.0.0.1:1\ntls: { cert_file: ./a.crt, key_file: ./a.key }\n');
    expect(settings.reload()).toEqual(['listen', 'tls']);
    expect(settings.current().publicUrl).toBe('http://127.0.0.1:10000');
    await writeFile(file, 'listen: 127.0.0.1:1\npublic_url: https://goproxy.corp/\n');
    expect(settings.reload()).toEqual(['listen']);
    expect(settings.current()).toMatchObject({
      publicUrl: 'https://goproxy.corp',
      publicHost: 'goproxy.corp',
    });
  });

  it('takes nothing of a file that was emptied or commented out, but starts with one', async () => {
    await writeFile(file, 'auth: {}\n');
    const settings = open();
    for (const text of ['', '# auth: {}\n']) {
      await writeFile(file, text);
      expect(settings.reload()).toBeUndefined();
      expect(settings.current().auth).toBeDefined();
      expect(settings.lastError()?.message).toContain(`${file}:1:1: the file holds no settings`);
      expect(open().current().auth).toBeUndefined();
    }
    await writeFile(file, '{}\n');
    expect(settings.reload()).toEqual([]);
    expect(settings.current().auth).toBeUndefined();
    // From here on it says nothing that could be lost.
    await writeFile(file, '');
    expect(open().reload()).toEqual([]);
  });

  it('takes nothing of a bad file, and forgets the error with it', async () => {
    const settings = open();
    const before = settings.current();
    await writeFile(file, 'refresh: 20s\nworkers: none\n');
    expect(settings.reload()).toBeUndefined();
    expect(settings.current()).toBe(before);
    expect(settings.lastError()?.message).toContain(`${file}:2:10: "workers" must be a whole number`);
    await writeFile(file, 'refresh: 20s\n');
    expect(settings.reload()).toEqual([]);
    expect(settings.lastError()).toBeUndefined();
  });

  it('reads a file anew with what the command line says', async () => {
    const settings = open('127.0.0.1:7');
    await writeFile(file, 'listen: 127.0.0.1:8\n');
    expect(settings.reload()).toEqual([]);
    expect(settings.current().listen).toEqual({ host: '127.0.0.1', port: 7 });
  });

  it('cannot begin with a bad file', async () => {
    await writeFile(file, 'refresh: soon\n');
    expect(() => open()).toThrow(`${file}:1:10: "refresh" must be a duration`);
  });
});

it('the git layer sees its own settings', async () => {
  await writeFile(
    file,
    'vcs: { timeout: 3s, connect_timeout: 2s, concurrency: 5, hosts: { h: { token: t } } }\n',
  );
  expect(vcsSettings(open().current())).toMatchObject({
    timeoutMs: 3_000,
    connectTimeoutMs: 2_000,
    concurrency: 5,
    hosts: new Map([['h', expect.objectContaining({ token: 't' })]]),
  });
});
