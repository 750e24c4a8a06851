/** Reads a zip with a library that shares nothing with the writer under test. */
import { buffer } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { fromBufferPromise, type Entry } from 'yauzl';

export interface ZippedFile {
  name: string;
  content: Buffer;
  entry: Entry;
}

/** The files in the order of the directory. Throws when sizes, checksums or structure are wrong. */
export async function readZip(zip: Buffer): Promise<ZippedFile[]> {
  const archive = await fromBufferPromise(zip, { lazyEntries: true, strictFileNames: true });
  const files: ZippedFile[] = [];
  for await (const entry of archive.eachEntry()) {
    files.push({
      name: entry.fileName,
      content: await buffer(await archive.openReadStreamPromise(entry)),
      entry,
    });
  }
  return files;
}

export interface Collector extends Writable {
  bytes(): Buffer;
}

/** A sink that keeps everything. */
export function collector(): Collector {
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  return Object.assign(sink, { bytes: () => Buffer.concat(pieces) });
}
