import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BareRepo } from '../../../src/vcs/bare/bare-repo.js';
import { FallbackToGit } from '../../../src/vcs/smart-http/fallback-to-git.js';
import { receivePack } from '../../../src/vcs/smart-http/receive-pack.js';
import { repo } from '../../support/git/git-repo.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { objectAt } from '../../../src/vcs/names/object-name.js';

/** A commit with a file that does not compress, and the pack of it that git makes. */
async function packed(bytes: number) {
  const r = await repo();
  const content = randomBytes(bytes);
  const commit = await r.write({ 'a.bin': content }).commit('first');
  const args = ['-C', r.dir, 'pack-objects', '--revs', '--all', '--stdout', '-q'];
  const pack = execFileSync('git', args, { env: sealedEnv(), input: '', maxBuffer: 8 * 1024 * 1024 });
  return { commit, content, pack };
}

async function* pieces(pack: Buffer, failure?: Error): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < pack.length; at += 10_000) {
    yield await Promise.resolve(pack.subarray(at, at + 10_000));
  }
  if (failure !== undefined) throw failure;
}

async function receive(bytes: AsyncGenerator<Buffer, undefined>, signal = new AbortController().signal) {
  const dir = path.join(await tempDir('mirror'), 'content.git');
  const mirror = new BareRepo({ dir, env: sealedEnv(), timeoutMs: 30_000 });
  const done = mirror.write('sha1', () => receivePack(mirror, bytes, { partial: false, signal }));
  return { mirror, done };
}

describe.each([
  ['a small pack', 1_000],
  ['a pack for git', 400_000],
])('of %s', (_, size) => {
  it('everything is there afterwards', async () => {
    const { commit, content, pack } = await packed(size);
    const { mirror, done } = await receive(pieces(pack));
    await done;
    expect((await mirror.objects([objectAt(commit, 'a.bin')]))[0]?.content.equals(content)).toBe(true);
  });

  it('nothing is taken where it is cut off or changed', async () => {
    const { commit, pack } = await packed(size);
    const changed = Buffer.from(pack);
    changed[pack.length - 30] = (changed[pack.length - 30] ?? 0) ^ 1;
    for (const bad of [pack.subarray(0, -25), changed]) {
      const { mirror, done } = await receive(pieces(bad));
      await expect(done).rejects.toBeInstanceOf(FallbackToGit);
      expect(await mirror.objects([commit])).toEqual([undefined]);
    }
  });

  it('the failure of the host is told as it is', async () => {
    const { pack } = await packed(size);
    const failure = new Error('the host broke off');
    const { done } = await receive(pieces(pack.subarray(0, -25), failure));
    await expect(done).rejects.toBe(failure);
  });
});

it('of a pack of 200 bytes that stands for a gigabyte, nothing is put together', async () => {
  const base = Buffer.alloc(0x10000);
  const size = 2 ** 30;
  // Copies the whole base again and again (gitformat-pack(5), "Deltified representation").
  const delta = Buffer.concat([sizeOf(base.length), sizeOf(size), Buffer.alloc(size / base.length, 0x80)]);
  const objects = Buffer.concat([
    Buffer.from('PACK\0\0\0\x02\0\0\0\x02', 'latin1'),
    Buffer.concat([entryOf(BLOB, base.length), deflateSync(base)]),
    entryOf(REF_DELTA, delta.length),
    createHash('sha1').update(`blob ${base.length}\0`).update(base).digest(),
    deflateSync(delta),
  ]);
  const pack = Buffer.concat([objects, createHash('sha1').update(objects).digest()]);
  expect(pack.length).toBeLessThan(300);
  const { done } = await receive(pieces(pack));
  await expect(done).rejects.toThrow(FallbackToGit);
  await expect(done).rejects.toThrow('attempting to allocate 1073741825 over limit');
});

const BLOB = 3;
const REF_DELTA = 7;

/** Seven bits a byte, the lowest first. */
function sizeOf(size: number): Buffer {
  const bytes = [];
  for (let rest = size; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

/** The head of an object in a pack: type and size. */
function entryOf(type: number, size: number): Buffer {
  const first = (type << 4) | (size % 16);
  return size < 16
    ? Buffer.from([first])
    : Buffer.concat([Buffer.from([first | 0x80]), sizeOf(Math.floor(size / 16))]);
}
