import { describe, expect, it } from 'vitest';
import { defaultPublicUrl, parseListen } from '../../src/config/listen.js';

describe('parseListen', () => {
  it.each([
    { text: '127.0.0.1:10000', listen: { host: '127.0.0.1', port: 10000 }, url: 'http://127.0.0.1:10000' },
    { text: 'proxy.corp:80', listen: { host: 'proxy.corp', port: 80 }, url: 'http://proxy.corp:80' },
    { text: '0.0.0.0:8080', listen: { host: '0.0.0.0', port: 8080 }, url: 'http://localhost:8080' },
    { text: ':8080', listen: { host: '0.0.0.0', port: 8080 }, url: 'http://localhost:8080' },
    { text: '[::]:8080', listen: { host: '::', port: 8080 }, url: 'http://localhost:8080' },
    { text: '[::1]:0', listen: { host: '::1', port: 0 }, url: 'http://[::1]:0' },
    { text: 'unix:/run/modhaven.sock', listen: { path: '/run/modhaven.sock' }, url: 'http://localhost' },
    { text: 'unix:modhaven.sock', listen: { path: 'modhaven.sock' }, url: 'http://localhost' },
  ])('reads $text, reached at $url unless said otherwise', ({ text, listen, url }) => {
    const read = parseListen(text);
    expect(read).toEqual(listen);
    expect(read && defaultPublicUrl(read, 'http')).toBe(url);
    expect(read && defaultPublicUrl(read, 'https')).toBe(url.replace('http:', 'https:'));
  });

  it.each(['', '10000', 'h', 'h:', 'h:65536', 'h:1x', '::1:80', '[h]:80', 'unix:', 'http://h:80'])(
    'refuses %j',
    (text) => {
      expect(parseListen(text)).toBeUndefined();
    },
  );
});
