import { PassThrough, Readable, pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { idleLimit } from '../../src/s3/idle-limit.js';

describe('idleLimit', () => {
  it('passes on what comes', async () => {
    const body = pipeline(
      Readable.from([Buffer.from('a'), Buffer.from('b')]),
      idleLimit(1_000),
      () => undefined,
    );
    expect((await buffer(body)).toString()).toBe('ab');
  });

  it('fails when nothing comes any more', async () => {
    const silent = new PassThrough();
    silent.write('begun');
    const body = pipeline(silent, idleLimit(30), () => undefined);
    await expect(buffer(body)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('tells its reader what the caller makes of a failure', async () => {
    const broken = new PassThrough();
    const limit = idleLimit(60_000, (error) => new Error(`the bucket: ${error.message}`));
    const body = pipeline(broken, limit, () => undefined);
    broken.destroy(new Error('cut off'));
    await expect(buffer(body)).rejects.toThrow('the bucket: cut off');
  });

  it('waits for a reader that takes its time', async () => {
    const body = pipeline(Readable.from([Buffer.alloc(200_000)]), idleLimit(20), () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await buffer(body)).toHaveLength(200_000);
  });
});
