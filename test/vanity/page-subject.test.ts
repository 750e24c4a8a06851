import { describe, expect, it } from 'vitest';
import { pageSubject } from '../../src/vanity/page-subject.js';

const map = { host: 'corp.test', hosts: new Set(['corp.test', 'other.test']) };

describe('pageSubject', () => {
  it.each([
    ['corp.test', '/go/foo', 'corp.test/go/foo'],
    ['Other.test:8080', '/go/foo/', 'other.test/go/foo'],
    ['proxy.corp.test', '/corp.test/go/foo', 'corp.test/go/foo'],
    ['localhost:10000', '/go/foo', 'corp.test/go/foo'],
    ['proxy.corp.test', '/corp.test/go/foo@v1.2.3', 'corp.test/go/foo'],
    ['proxy.corp.test', '/corp.test/go/foo@v1.2.3/sub/x.go', 'corp.test/go/foo'],
    ['corp.test', '/pub.test/x', 'pub.test/x'],
  ])('%s %s is about %s', (host, path, expected) => {
    expect(pageSubject(map, host, path)).toBe(expected);
  });
});
