/**
 * What a request to a checksum database asks for (package golang.org/x/mod/sumdb, "Server"; Go Modules Reference,
 * "Checksum database"). Pure.
 *
 *     supported                              whether a proxy passes the database through
 *     latest                                 the newest signed tree
 *     lookup/github.com/!foo/bar@v1.0.0      the record of a version
 *     tile/8/0/x001/234.p/17                 hashes
 */
import { ModhavenError } from '../../errors.js';
import { escapePath, escapeVersion } from '../../module/escaping.js';
import type { ModulePath } from '../../module/module-path.js';
import { parseModule, parseVersion } from '../../module/url-element.js';
import { TILE_HEIGHT, parseTilePath, tilePath, type Tile } from './tile.js';

export type SumdbRequest =
  | { kind: 'supported' }
  | { kind: 'latest' }
  | { kind: 'lookup'; module: ModulePath; version: string }
  | { kind: 'tile'; tile: Tile };

/** A request for the record of a version. */
export type LookupRequest = Extract<SumdbRequest, { kind: 'lookup' }>;

/**
 * Reads what follows the name of the database and a slash, decoded. Throws INVALID_PATH or INVALID_VERSION for a
 * malformed lookup, MODULE_NOT_FOUND for what no database has.
 */
export function parseSumdbRequest(path: string): SumdbRequest {
  if (path === 'supported' || path === 'latest') return { kind: path };
  if (path.startsWith('lookup/')) return parseLookup(path.slice('lookup/'.length));
  const tile = parseTilePath(path);
  if (tile?.height === TILE_HEIGHT) return { kind: 'tile', tile };
  throw new ModhavenError('MODULE_NOT_FOUND', `not found: a checksum database has nothing at ${path}`);
}

/** The one path of a request: made of what was understood, never of what was sent. */
export function sumdbPath(request: SumdbRequest): string {
  switch (request.kind) {
    case 'supported':
    case 'latest':
      return request.kind;
    case 'lookup':
      return `lookup/${escapePath(request.module)}@${escapeVersion(request.version)}`;
    case 'tile':
      return tilePath(request.tile);
  }
}

function parseLookup(text: string): SumdbRequest {
  const at = text.indexOf('@');
  if (at < 0) throw new ModhavenError('INVALID_PATH', 'malformed lookup: expected MODULE@VERSION');
  return {
    kind: 'lookup',
    module: parseModule(text.slice(0, at)),
    version: parseVersion(text.slice(at + 1)),
  };
}
