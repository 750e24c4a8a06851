/** Random versions, paths and texts for the property tests of this folder. */
import fc from 'fast-check';

import { checkModulePath, parseModulePath, type ModulePath } from '../../src/module/module-path.js';

const number = fc.oneof(fc.nat(12), fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 30n })).map(String);

const wordIdentifier = fc
  .stringMatching(/^[0-9A-Za-z-]{1,4}$/)
  .filter((identifier) => !/^0[0-9]+$/.test(identifier));

const identifiers = fc
  .array(fc.oneof(number, wordIdentifier), { minLength: 1, maxLength: 3 })
  .map((list) => list.join('.'));

/** `vX.Y.Z`. */
export const release: fc.Arbitrary<string> = fc
  .tuple(number, number, number)
  .map(([major, minor, patch]) => `v${major}.${minor}.${patch}`);

/** `vX.Y.Z` or `vX.Y.Z-pre`. */
export const canonicalVersions: fc.Arbitrary<string> = fc
  .tuple(release, fc.option(identifiers, { nil: undefined }))
  .map(([base, pre]) => (pre === undefined ? base : `${base}-${pre}`));

/** Everything that is a version: shorthands, prereleases, build metadata. */
export const versions: fc.Arbitrary<string> = fc.oneof(
  number.map((major) => `v${major}`),
  fc.tuple(number, number).map(([major, minor]) => `v${major}.${minor}`),
  canonicalVersions,
  fc.tuple(canonicalVersions, identifiers).map(([version, build]) => `${version}+${build}`),
);

/** Versions, texts made of their pieces, and anything else. */
export const versionLike: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: versions },
  fc.stringMatching(/^v?[0-9]{0,2}(\.[0-9]{0,2}){0,3}[-+.a0]{0,4}$/),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

/** Valid module paths, with and without a major version suffix. */
export const modulePaths: fc.Arbitrary<ModulePath> = fc
  .tuple(
    fc.constantFrom('example.com', 'gopkg.in', 'a-b.c', 'x.1'),
    fc.array(fc.stringMatching(/^[-._~0-9A-Za-z]{1,6}$/), { maxLength: 3 }),
    fc.constantFrom('', '', '/v2', '/v10', '.v0', '.v3-unstable'),
  )
  .map(([host, elements, suffix]) => [host, ...elements].join('/') + suffix)
  .filter((path) => checkModulePath(path) === undefined)
  .map(parseModulePath);

/** Texts that are, or nearly are, module paths. */
export const pathLike: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', 'gopkg.in/', 'example.com/', '/'),
    fc.stringMatching(/^[a-zA-Z0-9./!-]{0,6}$/),
    fc.constantFrom(
      '',
      '/v',
      '.v',
      '/v1',
      '/v2',
      '/v02',
      '.v1',
      '.v01',
      '/v1.2',
      '.v2-unstable',
      '-unstable',
    ),
  )
  .map((parts) => parts.join(''));
