import { describe, expect, it } from 'vitest';
import { originalResource, resourceOf } from '../../../src/proxy/access/resource.js';

const privacy = (path: string): 'private' | 'public' | 'unsure' =>
  path.startsWith('corp.test') ? 'private' : path.startsWith('new.test') ? 'unsure' : 'public';
const rules = { privacy, ownDatabase: () => 'sum.corp.test' };
const secret = { kind: 'module', path: 'corp.test/x', isPrivate: true };

describe('resourceOf', () => {
  it.each([
    ['/corp.test/x/@v/list', secret],
    ['/corp.test/x/@latest', secret],
    ['/corp.test/x/@v/v1.0.0.zip', secret],
    ['/corp.test/x/@v/v1.0.0.zip?x=1', secret],
    ['/corp.test/!x/@v/v1.0.0.mod', { kind: 'module', path: 'corp.test/X', isPrivate: true }],
    ['http://proxy.test/corp.test/x/@v/list', secret],
    ['/pub.test/x/@v/list', { kind: 'module', path: 'pub.test/x', isPrivate: false }],
    ['/new.test/x/@v/list', 'unsure'],
    ['/sumdb/sum.corp.test/lookup/corp.test/x@v1.0.0', secret],
    ['/sumdb/sum.corp.test/lookup/new.test/x@v1.0.0', 'unsure'],
    ['/sumdb/sum.corp.test/latest', { kind: 'public' }],
    ['/sumdb/sum.corp.test/tile/8/0/000', { kind: 'public' }],
    ['/sumdb/sum.corp.test/tile/8/data/000', { kind: 'admin' }],
    ['/sumdb/sum.golang.org/tile/8/data/000', { kind: 'public' }],
    ['/-/modules', { kind: 'listing' }],
    ['/-/index?limit=1', { kind: 'listing' }],
    ['/-/assets/style.css', { kind: 'open' }],
    ['/-/raw/corp.test/x@v1.0.0/docs/a.png', secret],
    ['/-/raw/pub.test/x@v1.0.0/a.png', { kind: 'module', path: 'pub.test/x', isPrivate: false }],
    ['/-/raw/new.test/x@v1.0.0/a.png', 'unsure'],
    ['/-/phases/corp.test/x', secret],
    ['/-/phases/corp.test/x@v1.0.0', secret],
    ['/-/%72aw/corp.test/x%40v1.0.0/a.png', secret],
    ['/', { kind: 'open' }],
    ['/corp.test/x?go-get=1', { kind: 'page' }],
    ['/corp.test/x/@v/list?go-get=1', { kind: 'page' }],
    ['/corp.test/x', { kind: 'page' }],
    ['/-/status', { kind: 'admin' }],
    ['/-/%73tatus', { kind: 'admin' }],
    ['/%2d/status', { kind: 'admin' }],
    ['/-/status#x', { kind: 'admin' }],
    ['/-/status;x', { kind: 'admin' }],
    ['/-/status?go-get=1', { kind: 'admin' }],
    ['/-/healthz?x=/@v/list', { kind: 'open' }],
    ['http://proxy.test/-/status', { kind: 'admin' }],
    ['/-/made-up', { kind: 'admin' }],
    ['/-/metrics', { kind: 'admin' }],
    ['/-/healthz', { kind: 'open' }],
    ['/corp.test/%2e%2e/@v/list', { kind: 'open' }],
  ])('%s', (url, expected) => {
    expect(resourceOf({ url, host: 'corp.test', wantsHtml: false }, rules)).toEqual(expected);
  });

  it.each([
    ['/', { kind: 'listing' }],
    ['/?go-get=1', { kind: 'open' }],
    ['/x', { kind: 'module', path: 'corp.test/x', isPrivate: true }],
    ['/x?go-get=1', { kind: 'page' }],
    ['/x@v1.0.0', { kind: 'module', path: 'corp.test/x', isPrivate: true }],
    ['/x@latest', { kind: 'module', path: 'corp.test/x', isPrivate: true }],
    ['/x@latest-1/@v/list', { kind: 'module', path: 'corp.test/x', isPrivate: true }],
    ['/corp.test/y/@latest', { kind: 'module', path: 'corp.test/y', isPrivate: true }],
    ['/-/status', { kind: 'admin' }],
  ])('of a browser: %s', (url, expected) => {
    const pageSubject = (host: string, path: string) => host + path.replace(/@.*/, '');
    expect(resourceOf({ url, host: 'corp.test', wantsHtml: true }, { ...rules, pageSubject })).toEqual(
      expected,
    );
  });

  it('of a browser in a worker, which knows no rules', () => {
    expect(resourceOf({ url: '/x', host: 'corp.test', wantsHtml: true }, rules)).toBe('unsure');
  });
});

describe('resourceOf, of a URL that was asked for before', () => {
  const url = '/later.test/x/@v/v1.0.0.info';
  const of = (asked: string, isPrivate: boolean) =>
    resourceOf(
      { url: asked, host: 'corp.test', wantsHtml: false },
      { privacy: () => (isPrivate ? 'private' : 'public') },
    );

  it('goes by the privacy of now', () => {
    expect(of(url, false)).toEqual({ kind: 'module', path: 'later.test/x', isPrivate: false });
    expect(of(url, true)).toEqual({ kind: 'module', path: 'later.test/x', isPrivate: true });
    expect(of(url, false)).toEqual({ kind: 'module', path: 'later.test/x', isPrivate: false });
  });

  it('does not take another URL for it', () => {
    expect(of(`${url}?go-get=1`, true)).toEqual({ kind: 'page' });
    expect(of('/later.test/!x/@v/v1.0.0.info', true)).toMatchObject({ path: 'later.test/X' });
    expect(of('/Later.test/x/@v/v1.0.0.info', true)).toEqual({ kind: 'open' });
  });
});

describe('originalResource, of what a web server in front is about to send', () => {
  const read = (url: string) => originalResource({ url, host: 'corp.test', wantsHtml: false }, rules);

  it.each([
    '/corp.test/x/@v/v1.0.0.zip',
    '/corp.test/x/@v/v1.0.0.zip?go-get=1',
    '/corp.test/x/%40v/v1.0.0.zip',
    '/corp.test/x/%40%76/v1.0.0.zip',
    '/corp.test/x/@v/v1.0.0%2Bincompatible.zip?x',
  ])('%s is a file of the module', (url) => {
    expect(read(url)).toEqual(secret);
  });

  it.each([
    '/a/../corp.test/x/@v/v1.0.0.zip',
    '/./corp.test/x/@v/v1.0.0.zip',
    '//corp.test/x/@v/v1.0.0.zip',
    '/corp.test/x/@v/v1.0.0.zip#',
    '/corp.test/x/@v/v1.0.0.zip%23',
    '/corp.test/x/@v/v1.0.0.zip%3fa',
    '/corp.test%2fx/@v/v1.0.0.zip',
    '/corp%2etest/x/@v/v1.0.0.zip',
    '/corp.test/%2563/@v/v1.0.0.zip',
    '/corp.test/x/@v/v1.0.0.zip;a',
    '/Corp.test/x/@v/v1.0.0.zip',
    '/corp.test\\x/@v/v1.0.0.zip',
    'http://corp.test/corp.test/x/@v/v1.0.0.zip',
    'corp.test/x/@v/v1.0.0.zip',
    '*',
    '',
  ])('%s is unclear', (url) => {
    expect(read(url)).toBe('unclear');
  });

  it('reads everything else as the server itself does', () => {
    expect(read('/corp.test/x?go-get=1')).toEqual({ kind: 'page' });
    expect(read('/-/healthz')).toEqual({ kind: 'open' });
    expect(read('/-/status')).toEqual({ kind: 'admin' });
    expect(read('/sumdb/sum.corp.test/lookup/corp.test/x@v1.0.0')).toEqual(secret);
  });
});
