/** Every case, by theme: the name of its file in cases/ and of its recording in recorded/. */
import { attributeCases } from './cases/attributes.js';
import { fileNameCases } from './cases/file-names.js';
import { goModFileCases } from './cases/go-mod-files.js';
import { incompatibleCases } from './cases/incompatible.js';
import { majorVersionCases } from './cases/major-versions.js';
import { nestedCases } from './cases/nested.js';
import { pseudoVersionCases } from './cases/pseudo-versions.js';
import { queryCases } from './cases/queries.js';
import { refCases } from './cases/refs.js';
import { retractionCases } from './cases/retractions.js';
import { subdirCases } from './cases/subdir.js';
import { versionCases } from './cases/versions.js';
import { zipCases } from './cases/zips.js';
import type { ConformanceCase } from './types.js';

export const themes: Record<string, readonly ConformanceCase[]> = {
  attributes: attributeCases,
  'file-names': fileNameCases,
  'go-mod-files': goModFileCases,
  incompatible: incompatibleCases,
  'major-versions': majorVersionCases,
  nested: nestedCases,
  'pseudo-versions': pseudoVersionCases,
  queries: queryCases,
  refs: refCases,
  retractions: retractionCases,
  subdir: subdirCases,
  versions: versionCases,
  zips: zipCases,
};
