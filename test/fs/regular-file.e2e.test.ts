import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdir, open, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  appendSync,
  notRegular,
  openForAppending,
  openRegular,
  readNamedSync,
  readOpened,
  readRegular,
  readRegularSync,
  readRegularText,
  streamRegular,
} from '../../src/fs/regular-file.js';
import { mustRun } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

/** Every way to read a file. */
const WAYS: Record<string, (file: string) => Promise<Buffer>> = {
  readRegular: (file) => readRegular(file),
  readRegularText: async (file) => Buffer.from(await readRegularText(file)),
  readRegularSync: async (file) => Promise.resolve().then(() => readRegularSync(file)),
  readNamedSync: async (file) =>
    Promise.resolve().then(() => readNamedSync(file, 100_000_000) ?? Buffer.of()),
  streamRegular: (file) => buffer(streamRegular(file)),
  openRegular: async (file) => {
    const opened = await openRegular(file);
    try {
      return await readOpened(opened);
    } finally {
      await opened.handle.close();
    }
  },
};

let dir: string;
let socket: Server;
beforeAll(async () => {
  dir = await tempDir('regular');
  await mustRun('mkfifo', [join(dir, 'pipe'), join(dir, 'written'), join(dir, 'log')]);
  await mkdir(join(dir, 'folder'));
  await symlink('pipe', join(dir, 'link'));
  socket = createServer().listen(join(dir, 'socket'));
  await once(socket, 'listening');
});
afterAll(() => socket.close());

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

describe.each(Object.entries(WAYS))('%s', (_, read) => {
  it('reads regular files of every size', async () => {
    for (const size of [0, 1, 70_000, 3_000_000]) {
      const content = Buffer.alloc(size, 'abc');
      await writeFile(join(dir, 'file'), content);
      expect((await read(join(dir, 'file'))).equals(content)).toBe(true);
    }
  });

  it('says that there is none', async () => {
    expect(await codeOf(read(join(dir, 'missing')))).toBe('ENOENT');
  });

  it('refuses at once what is not a regular file', async () => {
    for (const name of ['pipe', 'link', 'folder']) {
      expect([name, await codeOf(read(join(dir, name)))]).toEqual([name, 'EFTYPE']);
    }
    expect(await codeOf(read('/dev/zero'))).toBe('EFTYPE');
    expect(await codeOf(read(join(dir, 'socket')))).toBe('ENXIO');
  });

  it('reads nothing of a pipe that is being written', async () => {
    const writer = await open(join(dir, 'written'), constants.O_RDWR);
    await writer.write('for another reader');
    expect(await codeOf(read(join(dir, 'written')))).toBe('EFTYPE');
    await writer.close();
  });
});

it('waits with no thread for pipes that nothing writes', async () => {
  await writeFile(join(dir, 'file'), 'here');
  const waiting = Promise.allSettled(Array.from({ length: 50 }, () => readRegular(join(dir, 'pipe'))));
  expect(String(await readRegular(join(dir, 'file')))).toBe('here');
  expect((await waiting).every(({ status }) => status === 'rejected')).toBe(true);
});

it('names the file that is not a regular one', () => {
  expect(notRegular('/cache/x')).toMatchObject({
    message: 'it is not a regular file: /cache/x',
    syscall: 'open',
  });
});

it('reads a part of a file', async () => {
  await writeFile(join(dir, 'file'), '0123456789');
  expect(String(await buffer(streamRegular(join(dir, 'file'), { start: 2, end: 4 })))).toBe('234');
});

describe('readNamedSync', () => {
  it('reads as much as it may, and no byte more', async () => {
    await writeFile(join(dir, 'file'), '0123456789');
    expect(String(readNamedSync(join(dir, 'file'), 10))).toBe('0123456789');
    expect(readNamedSync(join(dir, 'file'), 9)).toBeUndefined();
  });
});

describe('openForAppending', () => {
  it('makes a file with its rights, and writes at its end', async () => {
    for (const text of ['one\n', 'two\n']) {
      const handle = await openForAppending(join(dir, 'lines'), 0o600);
      await handle.appendFile(text);
      expect((await handle.stat()).mode & 0o777).toBe(0o600);
      await handle.close();
    }
    expect(await readFile(join(dir, 'lines'), 'utf8')).toBe('one\ntwo\n');
  });

  it('writes at once as well, with the rights of the umask', async () => {
    for (const text of ['one\n', 'two\n']) appendSync(join(dir, 'at-once'), text);
    expect(await readFile(join(dir, 'at-once'), 'utf8')).toBe('one\ntwo\n');
    expect(() => appendSync(join(dir, 'log'), 'x')).toThrow(/ENXIO/);
  });

  it('refuses a pipe that nothing reads, and waits for one that is read slowly', async () => {
    expect(await codeOf(openForAppending(join(dir, 'log'), 0o600))).toBe('ENXIO');
    const reader = await open(join(dir, 'log'), constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = await openForAppending(join(dir, 'log'), 0o600);
    // More than a pipe holds: it would break off with EAGAIN if it did not wait.
    const written = writer.appendFile(Buffer.alloc(200_000, 'x')).finally(() => writer.close());
    let received = 0;
    const piece = Buffer.alloc(10_000);
    while (received < 200_000) {
      const read = await reader.read(piece).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        return { bytesRead: 0 };
      });
      received += read.bytesRead;
    }
    await written;
    await reader.close();
  });
});

it('reads no file as a whole that is gigabytes large', async () => {
  const file = join(await tempDir('large'), 'file');
  await writeFile(file, 'x');
  await truncate(file, 2 ** 33); // takes no room on the disk
  const error = { code: 'EFBIG', message: `it is larger than 256 MiB: ${file}` };
  for (const way of ['readRegular', 'readRegularText', 'readRegularSync', 'openRegular']) {
    await expect(WAYS[way]?.(file), way).rejects.toMatchObject(error);
  }
  await expect(readRegular(file, 2 ** 20)).rejects.toThrow('it is larger than 1 MiB');
});
