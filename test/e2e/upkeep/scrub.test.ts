/** The slow check of all that is stored, in a server that answers requests meanwhile. */
import { randomBytes } from 'node:crypto';
import { open, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startDaemon, type Daemon } from '../../support/process/daemon.js';
import { tempDir } from '../../support/tmp.js';
import { makeVersion, proxyFile, writeProxyTree } from '../../support/stores/versions.js';
import { ask, until } from '../../support/ask.js';

const VERSION = 'v1.0.0';
const MODULES = Array.from({ length: 20 }, (_, n) => `scrub.example/m${n}`);
const VICTIM = 'scrub.example/m7';
/** Its zip is hashed by a thread, in many pieces. */
const BIG = 'scrub.example/big';
const SECONDS = 1_700_000_000;

const PINO = import.meta.resolve('pino');

/** A server whose first check begins at a signal, not a minute after the start. */
const PROGRAM = `
import { createApp } from ${JSON.stringify(built('app.js'))};
import { createSettings } from ${JSON.stringify(built('config/settings.js'))};
import { Faults } from ${JSON.stringify(built('log/faults.js'))};
import { pino } from ${JSON.stringify(PINO)};
const log = pino({ level: 'silent' });
const settings = createSettings('modhaven.yaml', {}, {});
const app = createApp({ settings, log, version: 'test', faults: new Faults({ log }), scrubMs: { first: 1, between: 3_600_000 } });
console.log(await app.server.app.listen({ host: '127.0.0.1', port: 0 }));
process.on('SIGUSR2', () => app.maintain());
`;

interface Status {
  cache: { scrub?: { parts: number; damaged: number } };
  store: { damaged: { count: number; newest: { module: string; part: string }[] } };
}

let url: string;
let server: Daemon;
const download = (dir: string): string => path.join(dir, 'data/download');
/** What has to be answered, by path. */
const right = new Map<string, Buffer>();

beforeEach(async () => {
  const dir = await tempDir('scrub');
  await writeFile(
    path.join(dir, 'modhaven.yaml'),
    'vanity: ./vanity.yaml\ncache: { dir: ./data, memory: 0 }\n',
  );
  await writeFile(
    path.join(dir, 'vanity.yaml'),
    'host: scrub.example\npaths: { /{name}: /none/{name}.git }\n',
  );
  for (const module of [...MODULES, BIG]) {
    const noise = randomBytes(module === BIG ? 1_000_000 : 500).toString('hex');
    const made = await makeVersion(module, VERSION, { 'a.go': `package a // ${noise}\n` });
    await writeProxyTree(download(dir), made);
    for (const kind of ['info', 'mod', 'zip'] as const) {
      right.set(`/${module}/@v/${VERSION}.${kind}`, made[kind]);
    }
  }
  zipOfVictim = proxyFile(download(dir), VICTIM, VERSION, 'zip');
  await utimes(zipOfVictim, SECONDS, SECONDS);
  await writeFile(path.join(dir, 'server.mjs'), PROGRAM);
  server = await startDaemon(process.execPath, ['server.mjs'], {
    cwd: dir,
    isReady: (log) => log.includes('http://'),
  });
  url = server.logs().trim();
});
afterEach(async () => server.stop());

let zipOfVictim: string;
const status = async (): Promise<Status> => JSON.parse((await ask(url, '/-/status')).text) as Status;

/** A disk loses a bit, and nothing else shows it. */
async function flipBit(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  // In the content of a file: of what stands before it, a part says nothing to a reader of zips.
  const at = (await handle.stat()).size >> 1;
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8() ^ 4);
  await handle.write(byte, 0, 1, at);
  await handle.close();
  await utimes(file, SECONDS, SECONDS);
}

it('finds a lost bit of a file that was checked before, while requests are answered, and slows none', async () => {
  for (const [name, bytes] of right) expect((await ask(url, name)).bytes.equals(bytes), name).toBe(true);
  await flipBit(zipOfVictim);
  const victim = `/${VICTIM}/@v/${VERSION}.zip`;
  // It looks as before, so that no reader sees it.
  expect((await ask(url, victim)).status).toBe(200);

  let [answers, isOver] = [0, false];
  const wrong: string[] = [];
  const client = async (start: number): Promise<void> => {
    const names = [...right.keys()];
    for (let n = start; !isOver; n += 1) {
      const name = names[n % names.length] ?? '';
      const { status: code, bytes } = await ask(url, name);
      answers += 1;
      if (name !== victim && !(code === 200 && right.get(name)?.equals(bytes) === true)) {
        wrong.push(`${name}: ${code}`);
      }
    }
  };
  server.signal('SIGUSR2');
  const clients = [0, 31, 62, 93].map(client);
  const done = await until(status, ({ cache }) => cache.scrub !== undefined);
  isOver = true;
  await Promise.all(clients);
  const parts = 4 * (MODULES.length + 1);
  expect(done.cache.scrub).toMatchObject({ parts, damaged: 1 });
  expect(done.store.damaged).toMatchObject({ count: 1, newest: [{ module: VICTIM, part: 'zip' }] });
  expect(wrong).toEqual([]);
  // Some hundreds, on a machine that does much else fewer; readers who waited for the check would have had a handful.
  expect(answers).toBeGreaterThan(parts / 4);
  // It is not given out, and its home has no other.
  expect((await ask(url, victim)).status).not.toBe(200);
});

function built(file: string): string {
  return fileURLToPath(new URL(`../../../build/${file}`, import.meta.url));
}
