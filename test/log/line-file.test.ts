import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { LineFile } from '../../src/log/line-file.js';
import { tempDir } from '../support/tmp.js';

async function opened() {
  const file = path.join(await tempDir('lines'), 'access.log');
  const onState = vi.fn();
  return { file, onState, lines: new LineFile({ file: () => file, onState }) };
}

it('writes lines some moments later, in order', async () => {
  const { file, lines } = await opened();
  lines.write('a\n');
  lines.write('b\n');
  await vi.waitFor(async () => expect(await readFile(file, 'utf8')).toBe('a\nb\n'), 20_000);
});

it('goes on in a new file when the old one was renamed', async () => {
  const { file, lines } = await opened();
  lines.write('a\n');
  await lines.flush();
  await rename(file, `${file}.1`);
  lines.write('b\n');
  await lines.flush();
  expect([await readFile(`${file}.1`, 'utf8'), await readFile(file, 'utf8')]).toEqual(['a\n', 'b\n']);
});

it('shares the file with others, and mixes no lines', async () => {
  const { file, lines } = await opened();
  const other = new LineFile({ file: () => file, onState: () => undefined });
  for (let i = 0; i < 20_000; i++) (i % 2 === 0 ? lines : other).write(`${'x'.repeat(20)} ${i}\n`);
  await Promise.all([lines.flush(), other.flush()]);
  const written = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(written).toHaveLength(20_000);
  for (const line of written) expect(line).toMatch(/^x{20} \d+$/);
});

it('says once that it cannot write, and how many lines were lost once it can', async () => {
  const { file, onState, lines } = await opened();
  await mkdir(file);
  for (const line of ['a\n', 'b\n']) {
    lines.write(line);
    await lines.flush();
  }
  expect(onState.mock.calls).toEqual([[{ error: expect.objectContaining({ code: 'EISDIR' }) as unknown }]]);
  await rename(file, `${file}.dir`);
  lines.write('c\n');
  await lines.flush();
  expect(onState).toHaveBeenLastCalledWith({ lost: 2 });
  expect(await readFile(file, 'utf8')).toBe('c\n');
});

it('holds no more than some megabytes', async () => {
  const { file, onState, lines } = await opened();
  for (let i = 0; i < 3_000; i++) lines.write(`${'x'.repeat(4_000)}\n`);
  await lines.flush();
  const kept = (await readFile(file, 'utf8')).split('\n').length - 1;
  expect(kept).toBeLessThan(2_200);
  expect(onState).toHaveBeenLastCalledWith({ lost: 3_000 - kept });
});

it('drops lines where there is no file any more', async () => {
  const lines = new LineFile({ file: () => undefined, onState: () => expect.fail() });
  lines.write('a\n');
  await lines.flush();
});
