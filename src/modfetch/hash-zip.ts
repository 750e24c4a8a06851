/** What a zip would be, without keeping it: the commands that compare repositories need its hash alone. */
import { Writable } from 'node:stream';
import type { SourceZip, WholeZip } from './repo.js';

/** Makes the whole zip, drops it and returns its `h1:` hash. Throws what `deliver` throws. */
export async function hashZip(zip: SourceZip): Promise<string> {
  let hash = '';
  const takeHash = (_zip: unknown, whole: WholeZip): Promise<void> => {
    hash = whole.hash;
    return Promise.resolve();
  };
  await zip.deliver({
    async put(write) {
      const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
      hash = await write(nowhere);
    },
    putFile: takeHash,
    putBytes: takeHash,
  });
  return hash;
}
