import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkElement, checkElements, type PathKind } from '../../src/module/path-element.js';

const CASES: [kind: PathKind, path: string, reason: string | undefined][] = [
  ['module', 'a.example/b-c_d~x', undefined],
  ['module', '', 'empty string'],
  ['module', '-a', 'leading dash'],
  ['module', 'a//b', 'double slash'],
  ['module', 'a/', 'trailing slash'],
  ['module', '/a', 'empty path element'],
  ['module', 'a/..', 'invalid path element ".."'],
  ['module', 'a/.b', 'leading dot in path element'],
  ['module', 'a/b.', 'trailing dot in path element'],
  ['module', 'a/b c', "invalid char ' '"],
  ['module', 'a/é', "invalid char 'é'"],
  ['module', 'a/Con', '"Con" disallowed as path element component on Windows'],
  ['module', 'a/aux.txt', '"aux" disallowed as path element component on Windows'],
  ['module', 'a/com10', undefined],
  ['module', 'a/long~1', 'trailing tilde and digits in path element'],
  ['module', 'a/\ud800', 'invalid UTF-8'],
  ['file', '-a/.b/long~1', undefined],
  ['file', 'é/日本 (1)', undefined],
  ['file', 'a/b:c', "invalid char ':'"],
  ['file', "it's", "invalid char '\\''"],
  ['file', 'a/nul', '"nul" disallowed as path element component on Windows'],
];

describe('checkElements', () => {
  it.each(CASES)('%s path %j: %s', (kind, path, reason) => {
    expect(checkElements(path, kind)).toBe(reason);
  });

  it('is the first complaint about an element, where the slashes are right', () => {
    const elements = fc.array(fc.stringMatching(/^[a-c.~1 ]{1,4}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(elements, fc.constantFrom<PathKind>('module', 'file'), (list, kind) => {
        const first = list
          .map((element) => checkElement(element, kind))
          .find((reason) => reason !== undefined);
        expect(checkElements(list.join('/'), kind)).toBe(first);
      }),
    );
  });
});

it('every module path is a file path, too', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[-._~0-9A-Za-z/]{1,12}$/), (path) => {
      fc.pre(checkElements(path, 'module') === undefined);
      expect(checkElements(path, 'file')).toBeUndefined();
    }),
  );
});
