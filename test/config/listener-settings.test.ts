import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';

const read = (text: string) => parseConfig(text, '/etc/modhaven/modhaven.yaml', {});

it('has a default for every limit, and takes times with a unit', () => {
  expect(read('')).toMatchObject({
    tls: undefined,
    clientQueue: 500,
    limits: {
      headerTimeoutMs: 30_000,
      requestTimeoutMs: 60_000,
      idleTimeoutMs: 72_000,
      maxConnections: 10_000,
    },
  });
  expect(read('limits: { client_queue: 7, header_timeout: 5s, max_connections: 20 }')).toMatchObject({
    clientQueue: 7,
    limits: { headerTimeoutMs: 5_000, maxConnections: 20 },
  });
  expect(() => read('limits: { client_queue: 0 }')).toThrow(/client_queue/);
});

it('with tls is reached by https, and finds its files beside the configuration', () => {
  const { tls, publicUrl } = read('tls: { cert_file: ./cert.pem, key_file: /run/key.pem }');
  expect(tls).toEqual({ certFile: '/etc/modhaven/cert.pem', keyFile: '/run/key.pem' });
  expect(publicUrl).toBe('https://127.0.0.1:10000');
  expect(() => read('tls: { cert_file: ./cert.pem }')).toThrow(/key_file/);
});
