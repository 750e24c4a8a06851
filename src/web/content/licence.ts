/** The licence files of a module, and what they most probably are. No legal advice: the file itself is one link away. */

export interface Licence {
  file: string;
  /** An SPDX identifier; undefined if this file does not know the text. */
  name: string | undefined;
}

/** Whether a file at the root of a module is a licence by its name. */
export function isLicenceFile(file: string): boolean {
  return /^(?:licen[cs]e|copying|unlicense)(?:[.-][\w.-]+)?$/i.test(file);
}

/** Words that only this licence has, all of them. The first that matches counts, so longer lists come first. */
const MARKS: readonly (readonly [name: string, ...marks: RegExp[]])[] = [
  ['AGPL-3.0', /gnu affero general public license/, /version 3/],
  ['LGPL-3.0', /gnu lesser general public license/, /version 3/],
  ['LGPL-2.1', /gnu lesser general public license/, /version 2\.1/],
  ['GPL-3.0', /gnu general public license/, /version 3/],
  ['GPL-2.0', /gnu general public license/, /version 2/],
  ['MPL-2.0', /mozilla public license/, /(?:version|v\.) 2\.0/],
  ['Apache-2.0', /apache license/, /version 2\.0/],
  [
    'BSD-3-Clause',
    /redistribution and use in source and binary forms/,
    /neither the name|may not be used to endorse/,
  ],
  ['BSD-2-Clause', /redistribution and use in source and binary forms/],
  ['ISC', /permission to use, copy, modify, and\/?(?:or)? distribute this software/],
  ['MIT', /permission is hereby granted, free of charge/],
  ['Unlicense', /free and unencumbered software released into the public domain/],
  ['CC0-1.0', /cc0 1\.0 universal/],
];

/** What a licence text is; undefined if it is not known here. */
export function licenceName(text: string): string | undefined {
  const plain = text
    .slice(0, 64 * 1024)
    .toLowerCase()
    .replace(/\s+/g, ' ');
  return MARKS.find(([, ...marks]) => marks.every((mark) => mark.test(plain)))?.[0];
}
