/** Zips of files that a test names. */
import { createZipWriter } from '../../../src/zip/writer.js';
import { collector } from '../../zip/read-zip.js';

export async function zipOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const sink = collector();
  const writer = createZipWriter(sink);
  for (const [name, content] of Object.entries(files)) await writer.addBuffer(name, Buffer.from(content));
  await writer.finish();
  return sink.bytes();
}
