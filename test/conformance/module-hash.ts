/**
 * `h1:` hashes of module zips and go.mod files, computed without the code under test
 * (Go Modules Reference, "go.sum files"): SHA-256 over the lines of `sha256sum`, sorted by file name.
 */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';

/** The `h1:` hash of a zip. Throws when it is none. */
export async function zipHash(zip: Buffer): Promise<string> {
  // Names as bytes: yauzl has opinions on names, and which ones may be there is the question.
  const archive = await fromBufferPromise(zip, { lazyEntries: true, decodeStrings: false });
  const files: { name: Buffer; content: Buffer }[] = [];
  for await (const entry of archive.eachEntry()) {
    files.push({
      name: entry.fileNameRaw,
      content: await buffer(await archive.openReadStreamPromise(entry)),
    });
  }
  return filesHash(files);
}

/** The `h1:` hash of a go.mod file as go.sum has it. */
export function goModHash(content: Buffer): string {
  return filesHash([{ name: Buffer.from('go.mod'), content }]);
}

/** The `h1:` of these files, whose names have the prefix `MODULE@VERSION/`. */
export function filesHash(files: { name: Buffer; content: Buffer }[]): string {
  files.sort((a, b) => a.name.compare(b.name));
  const sum = createHash('sha256');
  for (const { name, content } of files) {
    sum
      .update(`${createHash('sha256').update(content).digest('hex')}  `)
      .update(name)
      .update('\n');
  }
  return `h1:${sum.digest('base64')}`;
}
