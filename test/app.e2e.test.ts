/** A whole server in this process: what a reload changes, what the status says, how it ends. */
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApp, type App } from '../src/app.js';
import { createSettings } from '../src/config/settings.js';
import { Faults } from '../src/log/faults.js';
import { ask } from './support/ask.js';
import { tempDir } from './support/tmp.js';

let dir: string;
let app: App;
let url: string;
const lines: string[] = [];

const write = (name: string, text: string): Promise<void> => writeFile(path.join(dir, name), text);

beforeEach(async () => {
  dir = await tempDir('app');
  lines.length = 0;
  await write('modhaven.yaml', 'vanity: ./vanity.yaml\ncache: { dir: ./data }\n');
  await write('vanity.yaml', 'host: app.example\npaths:\n  /lib: https://git.example/lib.git\n');
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const settings = createSettings(path.join(dir, 'modhaven.yaml'), {}, {});
  app = createApp({ settings, log, version: '1.2.3-test', faults: new Faults({ log }) });
  await app.server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.app.server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
});
afterEach(async () => app.close());

async function status(): Promise<{ version: string; vanity: { rules: number; error?: string } }> {
  return JSON.parse((await ask(url, '/-/status')).text) as Awaited<ReturnType<typeof status>>;
}

const page = async (name: string): Promise<number> =>
  (await ask(url, `/${name}?go-get=1`, { headers: { host: 'app.example' } })).status;

it('answers by its rules, and says what it is', async () => {
  expect(await page('lib')).toBe(200);
  expect(await page('other')).toBe(404);
  expect(await status()).toMatchObject({ version: '1.2.3-test', vanity: { rules: 1 } });
  expect(lines.filter((line) => line.includes('"path":"/lib?go-get=1"'))).toHaveLength(1);
});

it('takes over an edit when it reads its files again', async () => {
  await write('vanity.yaml', 'host: app.example\npaths:\n  /other: https://git.example/other.git\n');
  app.reload();
  expect([await page('lib'), await page('other')]).toEqual([404, 200]);
});

it('keeps its rules and its settings where an edit has a mistake, and says so', async () => {
  await write('vanity.yaml', 'host: app.example\npaths:\n  /other: ftp://git.example/other.git\n');
  await write('modhaven.yaml', 'vanity: ./vanity.yaml\nnonsense: 1\n');
  app.reload();
  expect(await page('lib')).toBe(200);
  expect((await status()).vanity.error).toContain('vanity.yaml:3:');
  expect(lines.join('')).toContain('modhaven.yaml has an error');
});

it('gives up its address when it is closed', async () => {
  await app.close();
  await expect(ask(url, '/-/healthz')).rejects.toThrow('ECONNREFUSED');
});
