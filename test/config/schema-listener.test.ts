import { expect, it } from 'vitest';
import { Limits, Tls } from '../../src/config/schema-listener.js';

it('tls: is two files, or nothing', () => {
  expect(Tls.parse(null)).toBeUndefined();
  expect(Tls.parse({ cert_file: 'c', key_file: 'k' })).toEqual({ cert_file: 'c', key_file: 'k' });
  expect(Tls.safeParse({ cert_file: 'c' }).success).toBe(false);
});

it('limits: are at least 1, and no time is 0', () => {
  expect(Limits.parse(null)).toMatchObject({ client_queue: 500, idle_timeout: 72_000 });
  for (const wrong of [{ client_queue: 0 }, { max_connections: 0 }, { header_timeout: '0' }, { queue: 1 }]) {
    expect(Limits.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});
