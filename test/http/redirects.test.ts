import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BadRedirect, followRedirects } from '../../src/http/redirects.js';
import type { HttpResponse } from '../../src/http/request.js';

/** Hosts that answer by URL; `asked` notes what they were asked for. */
function hosts(answers: Record<string, [status: number, location?: string | undefined]>) {
  const asked: string[] = [];
  const ask = ({ href }: URL): Promise<HttpResponse> => {
    asked.push(href);
    const [status, location] = answers[href] ?? [404];
    const header = (name: string) => (name === 'location' ? location : undefined);
    return Promise.resolve({ status, header, body: Readable.from([]) as HttpResponse['body'] });
  };
  return { asked, ask };
}

const any = () => undefined;
const start = new URL('http://a/x/y?q');

describe('followRedirects', () => {
  it.each([301, 302, 303, 307, 308])('follows %d, to a relative address too', async (code) => {
    const { ask, asked } = hosts({
      [start.href]: [code, '../z'],
      'http://a/z': [code, '//b/w'],
      'http://b/w': [200],
    });
    const { response, url } = await followRedirects(start, ask, any);
    expect([response.status, url.href]).toEqual([200, 'http://b/w']);
    expect(asked).toEqual([start.href, 'http://a/z', 'http://b/w']);
  });

  it.each([
    [200, 'http://b/'],
    [300, 'http://b/'],
    [304, 'http://b/'],
    [404, 'http://b/'],
    [302, undefined],
  ])('takes %d with the location %j for the answer', async (code, location) => {
    const { ask, asked } = hosts({ [start.href]: [code, location] });
    const { response, url } = await followRedirects(start, ask, any);
    expect([response.status, url.href, asked.length]).toEqual([code, start.href, 1]);
  });

  it('drops the login of an address', async () => {
    const { ask, asked } = hosts({ [start.href]: [302, 'https://user:secret@b/'], 'https://b/': [200] });
    await followRedirects(start, ask, any);
    expect(asked[1]).toBe('https://b/');
  });

  it.each(['ftp://b/', 'file:///etc/passwd', 'javascript:1', 'http://[', 'data:,x'])(
    'does not follow %s',
    async (location) => {
      const { ask, asked } = hosts({ [start.href]: [302, location] });
      await expect(followRedirects(start, ask, any)).rejects.toThrow(
        new BadRedirect('it leads to something that is not an http address'),
      );
      expect(asked).toHaveLength(1);
    },
  );

  it('follows ten, and no more', async () => {
    const chain = (length: number): Record<string, [number, string?]> =>
      Object.fromEntries(
        Array.from({ length: length + 1 }, (_, i) => [
          i === 0 ? start.href : `http://a/${i}`,
          i === length ? [200] : [302, `http://a/${i + 1}`],
        ]),
      );
    const { url } = await followRedirects(start, hosts(chain(10)).ask, any);
    expect(url.href).toBe('http://a/10');
    const { ask, asked } = hosts(chain(11));
    await expect(followRedirects(start, ask, any)).rejects.toThrow(
      new BadRedirect('it redirects more than 10 times'),
    );
    expect(asked).toHaveLength(11);
  });

  it('asks the caller before each, with both addresses', async () => {
    const { ask, asked } = hosts({ [start.href]: [302, 'http://b/'], 'http://b/': [302, 'http://c/'] });
    const checked: string[] = [];
    const check = (to: URL, from: URL) => {
      checked.push(`${from.host} > ${to.host}`);
      if (to.host === 'c') throw new Error('not there');
    };
    await expect(followRedirects(start, ask, check)).rejects.toThrow('not there');
    expect(checked).toEqual(['a > b', 'b > c']);
    expect(asked).toEqual([start.href, 'http://b/']);
  });

  it('leaves the address of the caller alone', async () => {
    const { ask } = hosts({ [start.href]: [302, 'http://b/'] });
    await followRedirects(start, ask, any);
    expect(start.href).toBe('http://a/x/y?q');
  });
});
