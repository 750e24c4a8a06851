/** What changed between two versions: files by their checksums, go.mod by its lines. Pure. */
import type { GoModOutline } from '../../module/go-mod-outline.js';
import type { ListedFile } from '../../zip/browse.js';

export interface FileChange {
  file: string;
  kind: 'added' | 'removed' | 'changed';
  /** Bytes; undefined where the version has no such file. */
  before: number | undefined;
  after: number | undefined;
}

export interface RequirementChange {
  path: string;
  /** Undefined: not required. */
  before: string | undefined;
  after: string | undefined;
}

/** The files that differ, by their names. */
export function fileChanges(before: readonly ListedFile[], after: readonly ListedFile[]): FileChange[] {
  const old = new Map(before.map((file) => [file.name, file]));
  const changes: FileChange[] = [];
  for (const { name, size, crc } of after) {
    const known = old.get(name);
    old.delete(name);
    if (known === undefined) {
      changes.push({ file: name, kind: 'added', before: undefined, after: size });
    } else if (known.crc !== crc || known.size !== size) {
      changes.push({ file: name, kind: 'changed', before: known.size, after: size });
    }
  }
  for (const { name, size } of old.values()) {
    changes.push({ file: name, kind: 'removed', before: size, after: undefined });
  }
  return changes.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** What is required anew, no longer, or in another version. */
export function requirementChanges(before: GoModOutline, after: GoModOutline): RequirementChange[] {
  const old = new Map(before.requires.map(({ path, version }) => [path, version]));
  const now = new Map(after.requires.map(({ path, version }) => [path, version]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => old.get(path) !== now.get(path))
    .sort()
    .map((path) => ({ path, before: old.get(path), after: now.get(path) }));
}
