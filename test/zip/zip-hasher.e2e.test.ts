/** The hashes of zips on the disk, with the built program: it starts a thread. */
import { randomBytes, createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hash1 } from '../../src/module/files/dirhash.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { mustRun } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const BUILD = fileURLToPath(new URL('../../build/', import.meta.url));

/** A zip with one file of so many bytes, and its hash. */
async function makeZip(file: string, size: number): Promise<string> {
  const content = randomBytes(size);
  const sink = createWriteStream(file);
  const writer = createZipWriter(sink);
  await writer.addBuffer('m@v1.0.0/data', content);
  await writer.finish();
  await new Promise<void>((resolve) => sink.end(resolve));
  return hash1([{ name: 'm@v1.0.0/data', sha256: createHash('sha256').update(content).digest('hex') }]);
}

describe('createZipHasher', () => {
  it('says the hashes of small and large zips, and what is wrong with others, and lets the program end', async () => {
    const dir = await tempDir('zips');
    const [small, large, cut] = ['small', 'large', 'cut'].map((name) => join(dir, name));
    const hashes = [await makeZip(small ?? '', 1_000), await makeZip(large ?? '', 3_000_000)];
    await makeZip(cut ?? '', 3_000_000);
    await truncate(cut ?? '', 2_000_000);
    const script = `
      import { createZipHasher } from ${JSON.stringify(join(BUILD, 'zip/zip-hasher.js'))};
      const hashZip = createZipHasher();
      const files = process.argv.slice(1);
      const all = await Promise.all([...files, ...files].map((file) => hashZip(file).catch((error) => error.message)));
      console.log(JSON.stringify(all));`;
    const printed = await mustRun(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      ...[small, large, cut, join(dir, 'missing')].map(String),
    ]);
    const all = JSON.parse(printed) as unknown[];
    const good = hashes.map((hash) => ({ hash }));
    expect(all.slice(0, 2)).toEqual(good);
    expect(all.slice(4, 6)).toEqual(good);
    expect(all[2]).toEqual({ problem: expect.stringMatching(/end of central directory/i) as string });
    expect(all[3]).toMatch('ENOENT');
  });
});
