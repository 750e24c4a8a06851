/**
 * Small files that others can be asked for again: what upstreams said of public modules (lists, `@latest`, branches), and
 * what public checksum databases said (records and tiles).
 *
 * Never among them: the current tree of a database (`latest`), a checksum database of our own, and what git hosts said of
 * private modules.
 */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { TEMPORARY } from '../fs/temporary-name.js';
import { removeFile } from '../fs/empty-folders.js';
import { unescapePath, unescapeVersion, unescapedIfValid } from '../module/escaping.js';
import type { CacheLayout } from '../store/paths.js';
import { storage } from '../store/storage-error.js';
import { TILE_WIDTH, parseTilePath } from '../sumdb/format/tile.js';
import type { LastUses } from './uses.js';
import { walk, type FoundFile } from './walk.js';

export interface FoundAnswer {
  /** Below `cache.dir`, with `/` between its elements. */
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  lastUsed: number;
  /** Whether it goes after everything else: a full tile of hashes, which proves whatever is asked for next. */
  isLast: boolean;
}

export interface AnswerOptions {
  layout: CacheLayout;
  uses: LastUses;
  /** As in `CollectOptions`. */
  isReplaceable: (module: string) => boolean;
  hasUpstream: boolean;
}

/** The answers that can be had again, in no order. */
export async function* findAnswers(options: AnswerOptions): AsyncGenerator<FoundAnswer> {
  const { layout, uses, isReplaceable, hasUpstream } = options;
  if (!hasUpstream) return;
  const found = (file: FoundFile, usedAt: number, isLast = false): FoundAnswer => ({
    path: pathBelow(layout.root, file.path),
    bytes: file.bytes,
    lastUsed: Math.max(file.modifiedAt, usedAt),
    isLast,
  });
  for await (const file of answersBelow(layout.upstream)) {
    const module = moduleOfAnswer(pathBelow(layout.upstream, file.path));
    if (module !== undefined && isReplaceable(module)) yield found(file, uses.ofModule(module));
  }
  for (const database of await readdir(layout.checksums).catch(() => [])) {
    const root = join(layout.checksums, database);
    for await (const file of answersBelow(join(root, 'lookup'))) {
      const looked = versionOfLookup(pathBelow(join(root, 'lookup'), file.path));
      if (looked !== undefined && isReplaceable(looked.module)) yield found(file, uses.ofVersion(looked));
    }
    for await (const file of answersBelow(join(root, 'tile'))) {
      yield found(file, 0, isFullHashTile(pathBelow(root, file.path)));
    }
  }
}

/** Removes an answer. A process that holds it in memory, or reads it now, goes on with it. Throws STORAGE. */
export async function removeAnswer(layout: CacheLayout, { path }: Pick<FoundAnswer, 'path'>): Promise<void> {
  const file = join(layout.root, path);
  const root = [layout.upstream, layout.checksums].find((dir) => file.startsWith(dir + sep));
  await storage(removeFile(file, root ?? layout.root));
}

/** The files below `dir` that are finished. */
async function* answersBelow(dir: string): AsyncGenerator<FoundFile> {
  for await (const file of walk(dir)) {
    if (!file.isDirectory && !file.path.includes(sep + TEMPORARY)) yield file;
  }
}

function pathBelow(dir: string, file: string): string {
  return relative(dir, file).split(sep).join('/');
}

/** The module of `<escaped module>/@v/…` or `<escaped module>/@latest`; undefined for any other path. */
function moduleOfAnswer(path: string): string | undefined {
  const escaped = /^(.+?)\/@(?:v\/|latest$)/.exec(path)?.[1];
  return escaped === undefined ? undefined : unescapedIfValid(() => unescapePath(escaped));
}

/** What `<escaped module>@<escaped version>` names; undefined for any other path. */
function versionOfLookup(path: string): { module: string; version: string } | undefined {
  const [, module, version] = /^([^@]+)@([^@]+)$/.exec(path) ?? [];
  if (module === undefined || version === undefined) return undefined;
  return unescapedIfValid(() => ({ module: unescapePath(module), version: unescapeVersion(version) }));
}

function isFullHashTile(path: string): boolean {
  const tile = parseTilePath(path);
  return tile !== undefined && tile.level >= 0 && tile.width === TILE_WIDTH;
}
