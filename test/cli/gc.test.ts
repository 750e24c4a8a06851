import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { gc, type GcOptions } from '../../src/cli/gc.js';
import { files } from './support/files.js';

let config: string;
let left: string;
beforeEach(async () => {
  const lab = await files({ vanity: 'paths: {}\n' });
  config = lab.config;
  left = path.join(lab.dir, 'data/download/.tmp-left');
  await mkdir(path.dirname(left), { recursive: true });
  await writeFile(left, Buffer.alloc(2048));
  await utimes(left, new Date(0), new Date(0));
});
const run = (options: Partial<GcOptions> = {}) => gc({ config, ...options });

describe('gc', () => {
  it('says in a dry run what it would remove, and removes nothing', async () => {
    const { text, ok } = await run({ dryRun: true });
    expect(ok).toBe(true);
    expect(text).toContain('would remove: leftovers of killed processes: 1 (');
    expect(existsSync(left)).toBe(true);
  });

  it('removes it', async () => {
    expect((await run()).text).toMatch(
      /^removed: leftovers of killed processes: 1 \(.*\ncache: .* before, .* now, limit /,
    );
    expect(existsSync(left)).toBe(false);
  });

  it('prints JSON', async () => {
    expect(JSON.parse((await run({ json: true, maxSize: '1GiB' })).text)).toMatchObject({
      isWithin: true,
      limit: expect.any(Number) as number,
      leftovers: [{ path: left, bytes: 2048 }],
      mirrors: [],
      versions: [],
      answers: [],
    });
  });

  it.each(['much', '', '-1'])('takes no size of %j', async (maxSize) => {
    await expect(run({ maxSize })).rejects.toMatchObject({
      code: 'CONFIG',
      message: `--max-size ${maxSize} is not a size`,
      remedy: 'write a number with a unit, such as 20GiB',
    });
    expect(existsSync(left)).toBe(true);
  });
});
