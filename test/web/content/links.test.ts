import { expect, it } from 'vitest';
import { fileHref, moduleHref, phasesHref, rawHref, searchHref } from '../../../src/web/content/links.js';

const REF = { module: 'example.com/Big/m', version: 'v2.0.0+incompatible' };

it('makes addresses that read as import paths do', () => {
  expect(moduleHref({ module: 'example.com/m' })).toBe('/example.com/m');
  expect(moduleHref(REF, { tab: 'mod' })).toBe('/example.com/Big/m@v2.0.0+incompatible?tab=mod');
  expect(phasesHref(REF)).toBe('/-/phases/example.com/Big/m@v2.0.0+incompatible');
  expect(searchHref('')).toBe('/-/modules');
  expect(searchHref('a b', 2)).toBe('/-/modules?q=a+b&page=2');
});

it('lets no name leave its place', () => {
  expect(rawHref(REF, 'a b/ü?#"<.png')).toBe(
    '/-/raw/example.com/Big/m@v2.0.0+incompatible/a%20b/%C3%BC%3F%23%22%3C.png',
  );
  expect(fileHref({ module: 'example.com/m' }, 'x&tab=mod')).toBe(
    '/example.com/m?tab=files&file=x%26tab%3Dmod',
  );
  expect(moduleHref({ module: 'x.example/"><script>' })).not.toMatch(/["<>]/);
});
