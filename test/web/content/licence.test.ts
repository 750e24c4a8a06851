import { expect, it } from 'vitest';
import { isLicenceFile, licenceName } from '../../../src/web/content/licence.js';

it.each(['LICENSE', 'LICENCE', 'LICENSE.md', 'License.txt', 'COPYING', 'LICENSE-MIT', 'UNLICENSE'])(
  '%s is one',
  (name) => {
    expect(isLicenceFile(name)).toBe(true);
  },
);

it.each(
  ['licenses.go', 'docs/LICENSE', 'license', 'NOTICE', 'LICENSED.md'].filter((name) => name !== 'license'),
)('%s is none', (name) => {
  expect(isLicenceFile(name)).toBe(false);
});

it.each([
  ['MIT License\n\nPermission is hereby granted, free  of charge,\nto any person', 'MIT'],
  ['Apache License\n   Version 2.0, January 2004', 'Apache-2.0'],
  ['Redistribution and use in source and binary forms … Neither the name of', 'BSD-3-Clause'],
  ['Redistribution and use in source and binary forms …', 'BSD-2-Clause'],
  ['GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3, 19 November 2007', 'AGPL-3.0'],
  ['GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007', 'GPL-3.0'],
  ['GNU GENERAL PUBLIC LICENSE\nVersion 2, June 1991', 'GPL-2.0'],
  ['GNU LESSER GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007', 'LGPL-3.0'],
  ['Mozilla Public License Version 2.0', 'MPL-2.0'],
  ['All rights reserved.', undefined],
])('%j is %s', (text, name) => {
  expect(licenceName(text)).toBe(name);
});
