/** Lines on their way to standard output, from a process of its own. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const MODULE = fileURLToPath(new URL('../../build/log/line-buffer.js', import.meta.url));

/** A program that has `buffer` and does `work`. */
async function program(work: string, shared = false): Promise<string> {
  const file = path.join(await tempDir('lines'), 'program.mjs');
  await writeFile(
    file,
    `import { createLineBuffer } from ${JSON.stringify(MODULE)};
     const buffer = createLineBuffer(${shared}, (lines) => buffer.write('lost ' + lines + '\\n'));
     ${work}`,
  );
  return file;
}

const numbers = (count: number): string => Array.from({ length: count }, (_, i) => `${i}\n`).join('');

it('keeps the order of lines that wait and lines that do not, and loses none when the process ends at once', async () => {
  const file = await program(`
    for (let i = 0; i < 5000; i += 1) (i % 2 ? buffer.write : buffer.writeLater)(i + '\\n');
    process.exit(0);`);
  expect((await run(process.execPath, [file])).stdout).toBe(numbers(5000));
});

it('writes a line that waits within some milliseconds', async () => {
  const file = await program(`
    buffer.writeLater('soon\\n');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500);`);
  expect((await run(process.execPath, [file])).stdout).toBe('soon\n');
});

it('has written everything when flush resolves', async () => {
  const file = await program(`
    for (let i = 0; i < 5000; i += 1) buffer.writeLater(i + '\\n');
    await buffer.flush();
    process.kill(process.pid, 'SIGKILL');`);
  expect((await run(process.execPath, [file])).stdout).toBe(numbers(5000));
});

it('puts no line of one writer into a line of another', async () => {
  const line = (name: string): string => name.repeat(300);
  const file = await program(
    `const line = process.argv[2].repeat(300) + '\\n';
     for (let i = 0; i < 2000; i += 1) buffer.writeLater(line);`,
    true,
  );
  const script = `${process.execPath} ${file} a & ${process.execPath} ${file} b & wait`;
  const { stdout } = await run('sh', ['-c', script]);
  const lines = stdout.split('\n').filter(Boolean);
  expect(lines).toHaveLength(4000);
  expect(new Set(lines)).toEqual(new Set([line('a'), line('b')]));
});

it('keeps a bounded number of bytes for a reader that does not read, and says how many lines are missing', async () => {
  const file = await program(`
    const line = 'x'.repeat(999) + '\\n';
    for (let i = 0; i < 20; i += 1) {
      for (let j = 0; j < 1000; j += 1) buffer.write(line);
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.stderr.write('said');
    setTimeout(() => undefined, 300);`);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise((resolve) => child.stderr.once('data', resolve)); // nothing was read so far
  const lines = (await text(child.stdout)).split('\n').filter(Boolean);
  const lost = lines.filter((line) => line.startsWith('lost ')).map((line) => Number(line.slice(5)));
  const kept = lines.filter((line) => line.startsWith('x')).length;
  expect(lost.length).toBeGreaterThan(0);
  expect(kept).toBeGreaterThan(1000);
  expect(kept + lost.reduce((sum, count) => sum + count, 0)).toBe(20_000);
});
