/** A checksum database of the test's own, passed through: what is kept of it, and what a client can prove from that. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { generateKey, parseSignerKey, type Signer } from '../../../src/sumdb/format/note.js';
import { formatDataTile, parseRecord } from '../../../src/sumdb/format/record.js';
import { tileHashReader } from '../../../src/sumdb/format/tile-reader.js';
import { readTileData, tilePath } from '../../../src/sumdb/format/tile.js';
import { recordHash, storedHashIndex, treeHash } from '../../../src/sumdb/format/tlog.js';
import { openTree, type SignedTree } from '../../../src/sumdb/format/tree-head.js';
import { httpClient } from '../../support/http-client.js';
import { createGoproxyClient } from '../../../src/upstream/goproxy-client.js';
import { createDiskBlobStore } from '../../../src/store/disk/disk-blob-store.js';
import { createSumdbMirror, type SumdbMirror } from '../../../src/sumdb/client/mirror.js';
import { createSumdbSource } from '../../../src/upstream/sumdb-source.js';
import { answerOf, memoryLog, type MemoryLog } from '../format/leaves.js';
import { tempDir } from '../../support/tmp.js';
import { fakeUpstream, send, status, type FakeUpstream } from '../../upstream/fake-upstream.js';

const NAME = 'sum.ex.test';
const PREFIX = `/sumdb/${NAME}/`;

let signer: Signer;
let log: MemoryLog;
let proxy: FakeUpstream;
let own: FakeUpstream;
let dir: string;
let online: boolean;
let refreshMs: number;
let warn: ReturnType<typeof vi.fn>;

beforeEach(async () => {
  signer = parseSignerKey(generateKey(NAME).signerKey);
  log = await memoryLog(Array.from({ length: 1000 }, (_, number) => recordOf(number)));
  [proxy, own, dir] = await Promise.all([fakeUpstream(), fakeUpstream(), tempDir('mirror')]);
  proxy.otherwise = (request, response) =>
    void answer(request.url ?? '').then((say) => say(request, response));
  online = true;
  refreshMs = 60_000;
  warn = vi.fn();
});
afterEach(() => Promise.all([proxy.stop(), own.stop()]));

function recordOf(number: number): string {
  return `ex.test/m v1.0.${number} h1:${'a'.repeat(43)}=\nex.test/m v1.0.${number}/go.mod h1:${'b'.repeat(43)}=\n`;
}

async function answer(url: string): Promise<ReturnType<typeof status>> {
  const path = url.slice(PREFIX.length);
  if (path === 'supported') return status(200);
  const [, number] = /^lookup\/ex\.test\/m@v1\.0\.(\d+)$/.exec(path) ?? [];
  const bytes = await answerOf(log, signer, path, number === undefined ? undefined : Number(number));
  return bytes === undefined ? status(404, 'not found') : send(bytes);
}

function mirrorOver(urls = [proxy.url]): SumdbMirror {
  const proxies = urls.map((url) => ({ url, credentials: undefined, fallbackOn: 'not-found' as const }));
  const client = createGoproxyClient({ http: httpClient(), proxies: () => proxies, timeoutMs: () => 10_000 });
  return createSumdbMirror({
    blobs: createDiskBlobStore(dir),
    source: createSumdbSource({ client, proxies: () => proxies, address: () => own.url }),
    isOnline: () => online,
    isPrivate: (path) => path.startsWith('my.corp/'),
    refreshMs: () => refreshMs,
    log: { warn: warn as never },
    verifierOf: (name) => (name === NAME ? signer.verifier : undefined),
  });
}

function lookup(mirror: SumdbMirror, number: number) {
  return mirror.get(NAME, `lookup/ex.test/m@v1.0.${number}`);
}

async function grow(records: number): Promise<void> {
  for (let left = records; left > 0; left -= 1) await log.add(recordOf(log.records.length));
}

/** What a client does with an answer: proves the record in its tree, and older trees in it, by tiles of `mirror`. */
async function prove(mirror: SumdbMirror, body: Buffer, older: SignedTree[] = []): Promise<SignedTree> {
  const { number, record, rest } = parseRecord(body);
  const tree = openTree(rest, signer.verifier);
  const read = tileHashReader(tree, {
    height: 8,
    read: async (tile) => (await mirror.get(NAME, tilePath(tile))).body,
    checked: () => undefined,
  });
  const [hash] = await read([storedHashIndex(0, number)]);
  expect(hash).toEqual(recordHash(Buffer.from(record)));
  for (const { size, hash: root } of older) expect(await treeHash(size, read)).toEqual(root);
  return tree;
}

describe('what is kept', () => {
  it('proves every record and every earlier tree to a client that starts from nothing, without another server', async () => {
    const mirror = mirrorOver();
    const trees: SignedTree[] = [];
    const numbers = [3, 999, 700, 1255, 1256, 1300, 4, 66_000];
    for (const number of numbers) {
      if (number >= log.records.length) await grow(number + 40 - log.records.length);
      const { body, hit } = await lookup(mirror, number);
      expect(hit).toBe(false);
      trees.push(await prove(mirror, body, trees));
    }
    online = false;
    const before = proxy.asked.length;
    const sizes = new Set<number>();
    for (const number of numbers) {
      const { body, hit } = await lookup(mirrorOver(), number);
      expect(hit).toBe(true);
      sizes.add((await prove(mirrorOver(), body, trees)).size);
    }
    expect(sizes.size).toBe(1); // one tree for all
    expect(proxy.asked).toHaveLength(before);
    await expect(mirror.get(NAME, 'supported')).resolves.toMatchObject({ hit: true });
    await expect(lookup(mirror, 5)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });

  it('is asked for once, however many ask', async () => {
    const mirror = mirrorOver();
    await Promise.all(Array.from({ length: 50 }, () => lookup(mirror, 7)));
    expect(new Set(proxy.asked).size).toBe(proxy.asked.length);
  });

  it('heals where a stored tile is bad', async () => {
    const mirror = mirrorOver();
    await prove(mirror, (await lookup(mirror, 3)).body);
    const bad = join(dir, NAME, 'tile/8/0/001');
    await mkdir(dirname(bad), { recursive: true });
    await writeFile(bad, Buffer.alloc(256 * 32));
    await prove(mirror, (await lookup(mirror, 300)).body);
  });

  it('comes again where it was removed to make room, and proves what it proved before', async () => {
    const mirror = mirrorOver();
    const trees: SignedTree[] = [];
    for (const number of [3, 999]) {
      trees.push(await prove(mirror, (await lookup(mirror, number)).body, trees));
    }
    await grow(500);
    for (const kept of ['tile', 'lookup']) await rm(join(dir, NAME, kept), { recursive: true });
    for (const number of [3, 1400]) {
      trees.push(await prove(mirror, (await lookup(mirror, number)).body, trees));
    }
  });

  it('is nothing of what the database does not have', async () => {
    const mirror = mirrorOver();
    for (const path of ['lookup/ex.test/m@v1.0.5000', 'tile/8/0/x999/999']) {
      await expect(mirror.get(NAME, path)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    }
    expect(proxy.asked.filter((path) => path.includes('v1.0.5000'))).toHaveLength(1);
    await grow(5001 - log.records.length);
    await prove(mirror, (await lookup(mirror, 5000)).body); // now it has it
  });
});

describe('a tile', () => {
  const tile = (mirror: SumdbMirror, path: string) => mirror.get(NAME, path);
  const files = async () =>
    (await readdir(join(dir, NAME), { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
      .length;
  const lie = (path: string, bytes: Buffer) => (proxy.answers[PREFIX + path] = send(bytes));

  it('is stored at the width of the tree alone, whatever is asked for', async () => {
    const mirror = mirrorOver();
    for (let width = 1; width < 256; width += 1) {
      const { body, immutable } = await tile(mirror, `tile/8/0/002.p/${width}`);
      expect([body.length, immutable]).toEqual([width * 32, true]);
    }
    const asked = proxy.asked.filter((path) => path.includes('/tile/8/0/002'));
    expect(asked).toEqual([`${PREFIX}tile/8/0/002`]);
    expect(await files()).toBe(4); // the tree, its two edge tiles, and this one
  });

  it('that is forged is told as an error, and right once the forgery ends', async () => {
    const mirror = mirrorOver();
    lie('tile/8/0/000', Buffer.alloc(256 * 32, 'B'));
    await expect(tile(mirror, 'tile/8/0/000')).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
    lie('tile/8/0/000', await readTileData({ height: 8, level: 0, number: 0, width: 256 }, log.read));
    const { body, immutable } = await tile(mirror, 'tile/8/0/000');
    expect([body.subarray(0, 32), immutable]).toEqual([log.hashes[0], true]);
  });

  it('of records has the records of the tree', async () => {
    const mirror = mirrorOver();
    lie('tile/8/data/001', Buffer.from(`${recordOf(9)}\n`.repeat(256)));
    await expect(tile(mirror, 'tile/8/data/001')).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
    lie('tile/8/data/001', Buffer.from(formatDataTile(log.records.slice(256, 512))));
    const { body, immutable } = await tile(mirror, 'tile/8/data/001.p/2');
    expect([body.toString(), immutable]).toEqual([formatDataTile(log.records.slice(256, 258)), true]);
    online = false;
    expect((await tile(mirrorOver(), 'tile/8/data/001')).hit).toBe(true);
  });

  it('that no tree here has is passed on as it comes, and not kept', async () => {
    const mirror = mirrorOver();
    lie('tile/8/0/x999/999', Buffer.alloc(256 * 32));
    await expect(tile(mirror, 'tile/8/0/x999/999')).resolves.toMatchObject({
      immutable: false,
      isProved: false,
    });
    expect(await files()).toBe(3); // the tree and its two edge tiles
    lie('latest', Buffer.from('maintenance\n'));
    await expect(tile(mirrorOver(), 'tile/8/0/x999/999')).rejects.toMatchObject({
      code: 'CHECKSUM_DATABASE',
    });
    online = false;
    await expect(tile(mirror, 'tile/8/0/x999/999')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });

  it('of a tree that a client has from elsewhere leads to that tree', async () => {
    const mirror = mirrorOver();
    await lookup(mirror, 1);
    await grow(30);
    await expect(tile(mirror, 'tile/8/0/004.p/6')).resolves.toMatchObject({ immutable: true });
  });

  it('that is stored is served while what proves it cannot be asked for', async () => {
    await tile(mirrorOver(), 'tile/8/0/001');
    proxy.otherwise = status(500);
    await expect(tile(mirrorOver(), 'tile/8/0/001')).resolves.toMatchObject({ hit: true, immutable: true });
  });

  it('that is damaged on the disk is fetched again', async () => {
    const { body } = await tile(mirrorOver(), 'tile/8/0/001');
    await writeFile(join(dir, NAME, 'tile/8/0/001'), Buffer.alloc(256 * 32));
    expect((await tile(mirrorOver(), 'tile/8/0/001')).body).toEqual(body);
  });
});

describe('the newest tree', () => {
  it('is as old as refresh allows, and older only if no server can be asked', async () => {
    refreshMs = 0;
    const mirror = mirrorOver();
    const first = await mirror.get(NAME, 'latest');
    await grow(10);
    const second = await mirror.get(NAME, 'latest');
    expect(second.body).not.toEqual(first.body);
    proxy.otherwise = status(500);
    const third = await mirrorOver().get(NAME, 'latest');
    expect(third).toMatchObject({ body: second.body, stale: true });
    expect(third.asOf).toBeLessThanOrEqual(Date.now());
    refreshMs = 60_000;
    await expect(mirror.get(NAME, 'latest')).resolves.toMatchObject({ body: second.body, hit: true });
  });

  it('of another history is refused and replaces nothing', async () => {
    refreshMs = 0;
    const mirror = mirrorOver();
    const { body } = await mirror.get(NAME, 'latest');
    log = await memoryLog(
      Array.from({ length: 1100 }, (_, number) => recordOf(number === 0 ? 5555 : number)),
    );
    await expect(mirror.get(NAME, 'latest')).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
    await expect(lookup(mirror, 1050)).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
    online = false;
    await expect(mirror.get(NAME, 'latest')).resolves.toMatchObject({ body });
  });

  it('that another key signed is refused', async () => {
    const other = parseSignerKey(generateKey(NAME).signerKey);
    signer = { verifier: signer.verifier, sign: (message) => other.sign(message) };
    await expect(mirrorOver().get(NAME, 'latest')).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
    await expect(lookup(mirrorOver(), 1)).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
  });
});

describe('a lookup', () => {
  it.each([
    'my.corp/secret@v1.0.0',
    'my.corp/!secret@v1.0.0',
    'ex.test/m',
    'ex.test/M@v1.0.0',
    'ex.test/m@main',
  ])('of %s is not passed on', async (subject) => {
    await expect(mirrorOver().get(NAME, `lookup/${subject}`)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:MODULE|VERSION)_NOT_FOUND$|^INVALID_PATH$/) as string,
    });
    expect(proxy.asked).toEqual([]);
  });

  it('that is answered with another version is refused', async () => {
    proxy.answers[`${PREFIX}lookup/ex.test/m@v1.0.1`] = (request, response) =>
      void answer(`${PREFIX}lookup/ex.test/m@v1.0.2`).then((say) => say(request, response));
    await expect(lookup(mirrorOver(), 1)).rejects.toMatchObject({ reason: 'it is about another version' });
  });

  it('that cannot be proved now is passed on and not kept', async () => {
    const { otherwise: respond } = proxy;
    proxy.otherwise = (request, response) =>
      (request.url?.includes('/tile/') === true ? status(500) : respond)(request, response);
    expect((await lookup(mirrorOver(), 1)).body.toString()).toContain('ex.test/m v1.0.1 h1:');
    expect(warn).toHaveBeenCalledOnce();
    online = false;
    await expect(lookup(mirrorOver(), 1)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });
});

describe('who is asked', () => {
  it('is the first upstream that passes the database through', async () => {
    const other = await fakeUpstream();
    await lookup(mirrorOver([other.url, proxy.url]), 1);
    expect(other.asked).toEqual([`${PREFIX}supported`]);
    expect(own.asked).toEqual([]);
    await other.stop();
  });

  it('is the database itself if none does', async () => {
    const other = await fakeUpstream();
    await expect(lookup(mirrorOver([other.url]), 1)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(own.asked).toEqual(['/lookup/ex.test/m@v1.0.1']);
    await other.stop();
  });

  it('does not become another one if that one fails', async () => {
    const other = await fakeUpstream();
    other.otherwise = status(500);
    await expect(lookup(mirrorOver([other.url, proxy.url]), 1)).rejects.toMatchObject({
      code: 'HOST_REFUSED',
    });
    expect([...proxy.asked, ...own.asked]).toEqual([]);
    await other.stop();
  });

  it('is none with nothing kept and no upstream', async () => {
    online = false;
    for (const path of ['supported', 'latest', 'lookup/ex.test/m@v1.0.1', 'tile/8/0/000']) {
      await expect(mirrorOver().get(NAME, path)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    }
    expect([...proxy.asked, ...own.asked]).toEqual([]);
  });
});
