/**
 * The lines of go.sum (Go Modules Reference, "go.sum files"; cmd/go/internal/modfetch, readGoSum): module path, version,
 * which for the hash of the go.mod file alone ends in `/go.mod`, and hash. go.work.sum has the same form.
 */
import { parseModulePath, type ModulePath } from '../module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import { errorMessage } from '../errors.js';
import { wrongFile } from './wrong-file.js';

export interface GoSumLine {
  module: ModulePath;
  version: CanonicalVersion;
  /** The file that is hashed. */
  kind: 'zip' | 'mod';
  /** `h1:…`; other kinds may follow. */
  hash: string;
  /** From 1. */
  line: number;
}

const GO_MOD = '/go.mod';

/** An old go command wrote this for a missing go.mod file. The go command skips such lines, too. */
const HASH_OF_EMPTY_GO_MOD = 'h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=';

/** Reads the text of `file`. Throws CONFIG with the place of the first line of another form. */
export function parseGoSum(text: string, file: string): GoSumLine[] {
  const lines: GoSumLine[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    const fields = [...content.matchAll(/\S+/g)];
    const fail = (field: number, problem: string) =>
      wrongFile({ file, line: index + 1, column: (fields[field]?.index ?? 0) + 1 }, problem);
    if (fields.length === 0) continue;
    if (fields.length !== 3) {
      throw fail(0, `a line of go.sum has three fields (module, version, hash), this one ${fields.length}`);
    }
    const [path = '', versionField = '', hash = ''] = fields.map(([field]) => field);
    if (hash === HASH_OF_EMPTY_GO_MOD) continue;
    const isMod = versionField.endsWith(GO_MOD);
    const version = isMod ? versionField.slice(0, -GO_MOD.length) : versionField;
    if (!isCanonicalVersion(version)) throw fail(1, `${JSON.stringify(version)} is not a canonical version`);
    let module: ModulePath;
    try {
      module = parseModulePath(path);
    } catch (error) {
      throw fail(0, errorMessage(error));
    }
    lines.push({ module, version, kind: isMod ? 'mod' : 'zip', hash, line: index + 1 });
  }
  return lines;
}
