/**
 * A store that keeps nothing: zips are made for their hash and vanish, small parts stay in memory.
 *
 * With it the service of the server itself answers what a version would be at another home, by the very code that would
 * serve it there, while the real store is left alone.
 */
import { createReadStream } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Part, VersionStore } from './version-store.js';

/** A store for the few versions of one question; `known` is in it from the beginning. */
export function createMemoryStore(known: [part: Part, content: Buffer][] = []): VersionStore {
  const parts = new Map(known.map(([part, content]) => [nameOf(part), content]));
  return {
    size: (part) => Promise.resolve(parts.get(nameOf(part))?.length),
    read: (part) => Promise.resolve(parts.get(nameOf(part))),
    open: (part, range) =>
      Readable.from([parts.get(nameOf(part))?.subarray(range?.start, range && range.end + 1) ?? '']),
    openPart: () => Promise.resolve(undefined), // nothing of it is ever served

    async put(part, write) {
      const name = nameOf(part);
      if (parts.has(name)) return;
      if (part.kind === 'zip') {
        await write(nowhere());
        parts.set(name, Buffer.alloc(0));
        return;
      }
      const sink = new PassThrough();
      const [content] = await Promise.all([buffer(sink), write(sink).finally(() => sink.end())]);
      parts.set(name, content);
    },

    putFile(part, file) {
      return this.put(part, (sink) => pipeline(createReadStream(file), sink, { end: false }));
    },

    versions: () => Promise.resolve([]),
    leftovers: () => Promise.resolve([]),
    // eslint-disable-next-line @typescript-eslint/no-empty-function -- there are none
    async *modules() {},
  };
}

function nowhere(): Writable {
  return new Writable({
    write: (_piece, _encoding, done) => done(),
  });
}

function nameOf({ module, version, kind }: Part): string {
  return `${module}@${version}.${kind}`;
}
