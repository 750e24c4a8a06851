import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeInfo, encodeInfo } from '../../src/module/info.js';

describe('encodeInfo', () => {
  it('is byte for byte what go writes: field order, seconds, no space', () => {
    const origin = { VCS: 'git', URL: 'http://a.example/x', Hash: 'ab', Ref: 'refs/tags/v1.0.0' } as const;
    expect(encodeInfo('v1.0.0', new Date('2024-01-02T03:04:05Z'), origin).toString()).toBe(
      '{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"git","URL":"http://a.example/x","Hash":"ab","Ref":"refs/tags/v1.0.0"}}',
    );
  });

  it('leaves out an origin that is not known', () => {
    expect(encodeInfo('v1.0.0', new Date(0), undefined).toString()).toBe(
      '{"Version":"v1.0.0","Time":"1970-01-01T00:00:00Z"}',
    );
  });
});

it.each([
  ['{', /^is not JSON: /],
  ['null', /^is not an \.info$/],
  ['[]', /^is not an \.info$/],
  ['{"Version":1}', /^is not an \.info$/],
  ['{"Version":"v1.0.0","Time":5}', /^is not an \.info$/],
  ['{"Version":"v1.0.0","Origin":"git"}', /^is not an \.info$/],
  ['{"Version":"v1.0.0","Origin":{"Hash":["a"]}}', /^is not an \.info$/],
])('decodeInfo refuses %s', (text, message) => {
  expect(() => decodeInfo(Buffer.from(text))).toThrow(message);
});

it('decodeInfo reads what other programs write', () => {
  for (const text of ['{"Version":"v1.0.0"}', '{"Version":"v1.0.0","Origin":{},"Name":"x"}']) {
    expect(decodeInfo(Buffer.from(text))).toEqual(JSON.parse(text));
  }
});

it('decodeInfo takes null, as some proxies send it, for nothing', () => {
  expect(decodeInfo(Buffer.from('{"Version":"v1.0.0","Time":null,"Origin":null}'))).toEqual({
    Version: 'v1.0.0',
  });
  expect(decodeInfo(Buffer.from('{"Version":"v1.0.0","Origin":{"Ref":null}}'))).toEqual({
    Version: 'v1.0.0',
    Origin: {},
  });
});

it('decodeInfo reads what encodeInfo wrote', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(4_000_000_000), fc.string(), (patch, seconds, URL) => {
      const version = `v1.0.${patch}` as const;
      const info = decodeInfo(encodeInfo(version, new Date(seconds * 1000), { VCS: 'git', URL }));
      expect(info).toMatchObject({ Version: version, Origin: { VCS: 'git', URL } });
      expect(Date.parse(info.Time ?? '')).toBe(seconds * 1000);
    }),
  );
});
