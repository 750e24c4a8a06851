import { expect, it } from 'vitest';
import { openBytes, readWhole } from '../../../src/store/bucket/open-parts.js';

it('reads all of what is in memory, and says when a part is shorter than it should be', async () => {
  expect((await readWhole(openBytes(Buffer.from('content')))).toString()).toBe('content');
  expect(await readWhole(openBytes(Buffer.alloc(0)))).toHaveLength(0);
  const short = { ...openBytes(Buffer.from('con')), size: 7 };
  await expect(readWhole(short)).rejects.toMatchObject({ code: 'STORAGE' });
});
