import { expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { LastGood } from '../../src/fs/last-good.js';

it('takes a good edit, and keeps what it had after a bad one', () => {
  let content: number | Error = 1;
  const seen: (number | undefined)[] = [];
  const file = new LastGood<number>((last) => {
    seen.push(last);
    if (content instanceof Error) throw content;
    return content;
  }, 'x.yaml');
  expect(file.value).toBe(1);
  content = new ModhavenError('CONFIG', 'x.yaml:1:1: bad');
  expect([file.reload(), file.value, file.error]).toEqual([false, 1, content]);
  content = 2;
  expect([file.reload(), file.value, file.error]).toEqual([true, 2, undefined]);
  expect(seen).toEqual([undefined, 1, 1]);
});

it('throws what is wrong the first time, and tells a fault of ours with the file', () => {
  const bad = new ModhavenError('CONFIG', 'bad');
  const read = () => {
    throw bad;
  };
  expect(() => new LastGood(read, 'x.yaml')).toThrow(bad);
  let isFirst = true;
  const file = new LastGood(() => {
    if (!isFirst) throw new TypeError('oops');
    isFirst = false;
  }, 'x.yaml');
  expect(file.reload()).toBe(false);
  expect(file.error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining('x.yaml') as string });
});
