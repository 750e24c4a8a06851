import { describe, expect, it } from 'vitest';
import { parseUpstream } from '../../../src/module/address/goproxy-list.js';

function proxy(url: string, fallbackOn = 'not-found', credentials?: { username: string; password: string }) {
  return { url, credentials, fallbackOn };
}

describe('parseUpstream', () => {
  it.each([
    { text: 'off', proxies: [] },
    { text: '', proxies: [] },
    { text: 'https://a.corp/', proxies: [proxy('https://a.corp')] },
    {
      text: ' https://a.corp/x | http://b.corp:81 ,file:///srv/mods',
      proxies: [proxy('https://a.corp/x', 'any-error'), proxy('http://b.corp:81'), proxy('file:///srv/mods')],
    },
    { text: 'a.corp/goproxy', proxies: [proxy('https://a.corp/goproxy')] },
    { text: 'https://a.corp,,off,https://b.corp', proxies: [proxy('https://a.corp')] },
    {
      text: 'https://me:p%40ss@a.corp/x',
      proxies: [proxy('https://a.corp/x', 'not-found', { username: 'me', password: 'p@ss' })],
    },
  ])('reads $text', ({ text, proxies }) => {
    expect(parseUpstream(text)).toEqual({ proxies, direct: false });
  });

  it.each(['https://a.corp,direct', 'https://a.corp|direct,https://b.corp'])(
    'ends %s at "direct"',
    (text) => {
      const list = parseUpstream(text);
      expect(list).toMatchObject({ proxies: [{ url: 'https://a.corp' }], direct: true });
    },
  );

  it.each([
    { text: 'ftp://a.corp', problem: 'holds a URL that begins with ftp:' },
    { text: 'https://a.corp?x=1', problem: 'holds a URL with a query' },
    { text: 'on', problem: 'holds an entry that is not a URL' },
    { text: 'https://me:s3cret@', problem: 'holds an entry that is not a URL' },
  ])('refuses $text', ({ text, problem }) => {
    const result = parseUpstream(text);
    expect(result).toContain(problem);
    expect(result).not.toContain('s3cret');
  });
});
