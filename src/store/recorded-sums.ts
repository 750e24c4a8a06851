/**
 * What was stored of each version, in a few bytes beside the store, so that a stored file can be judged when it is read
 * much later: `<dir>/<escaped module>/@sums`, one line a part, the newest of a part last.
 *
 *     mod v1.0.0 h1:…
 *     ziphash v1.0.0 h1:…
 *     info v1.0.0 <sha256 in base64url> <commit, or the time where no commit is named>
 *     evicted v1.1.0 h1:… h1:…
 *
 * The last one is all that stays of a public release that was removed to make room: the hashes of its zip and its go.mod
 * (`-` for one that was not stored), because other bytes must not come back under its name.
 *
 * Lines are appended in one write each, so that processes may do so at the same time. A lost line costs a weaker check of
 * that part, nothing else; one may be lost when versions are removed. They are not flushed: one that a power failure has torn
 * counts as lost, because half of a hash would condemn a part that is as it was.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskReady } from '../fs/disk-watch.js';
import { replaceFile } from '../fs/durable-file.js';
import { inFolder, removeFile } from '../fs/empty-folders.js';
import { makePrivateFolder } from '../fs/make-folder.js';
import { APPENDING, appendSync, readRegularText } from '../fs/regular-file.js';
import { goModHash, isHash1 } from '../module/files/dirhash.js';
import { escapePath } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import { isPseudoVersion } from '../module/pseudo-version.js';
import { hasCode } from '../fs/file-errors.js';
import { EvictedReleases } from './evicted-releases.js';
import { absentAsUndefined, storage } from './storage-error.js';
import type { ModuleVersion, Part } from './version-store.js';

/** What is known of the content of a version. */
export interface VersionSums {
  /** `h1:` hash of the zip. */
  zip?: string | undefined;
  /** `h1:` hash of the go.mod file. */
  mod?: string | undefined;
  /** SHA-256 of the `.info`, base64url. */
  info?: string | undefined;
  /** The commit that the `.info` names; its time where it names none. */
  origin?: string | undefined;
}

/** One line, read: `fields` is what follows the version, at least one. */
interface Line {
  text: string;
  kind: string;
  name: string;
  fields: string[];
}

/** In place of the hash of a part that was not stored. */
const NOT_STORED = '-';

export class RecordedSums {
  private readonly dir: string;
  private readonly releases: EvictedReleases;

  constructor(dir: string) {
    this.dir = dir;
    this.releases = new EvictedReleases((module) => this.fileOf(module));
  }

  /** Notes what was stored. Never fails. */
  async note({ module, version, kind }: Part, bytes: Buffer): Promise<void> {
    const fields = sumOf(kind, bytes);
    if (fields === undefined) return;
    await this.append(module, `${kind} ${version} ${fields}\n`).catch(() => undefined);
  }

  /** What is known of a version; empty if nothing is. */
  async of({ module, version }: ModuleVersion): Promise<VersionSums> {
    return sumsIn(linesIn(await this.text(module), version));
  }

  /** What a release had in it that was removed to make room; undefined if it was not. */
  evicted({ module, version }: ModuleVersion): VersionSums | undefined {
    const [line] = linesIn(this.releases.of(module).get(version) ?? '');
    return line && evictedSums(line);
  }

  /**
   * Versions of `module` are about to be removed to make room. One line stays of each release; of pseudo-versions, which
   * no origin lists and of which there can be any number, nothing does. Throws STORAGE.
   */
  async evict(module: ModulePath, versions: ReadonlySet<string>): Promise<void> {
    const file = this.fileOf(module);
    const text = await absentAsUndefined(readRegularText(file));
    if (text === undefined) return;
    const kept: string[] = [];
    const going = new Map<string, Line[]>();
    for (const line of linesIn(text)) {
      if (!versions.has(line.name)) kept.push(line.text);
      else going.set(line.name, [...(going.get(line.name) ?? []), line]);
    }
    for (const [version, lines] of going) {
      if (!isPseudoVersion(version)) kept.push(...evictedLine(version, lines));
    }
    if (kept.length > 0) await storage(replaceFile(file, `${kept.join('\n')}\n`));
    else await storage(removeFile(file, this.dir));
  }

  /** Empty where nothing can be read: then less is checked. */
  private text(module: ModulePath): Promise<string> {
    return readRegularText(this.fileOf(module)).catch(() => '');
  }

  private async append(module: ModulePath, line: string): Promise<void> {
    const file = this.fileOf(module);
    await diskReady(file);
    try {
      appendSync(file, line); // by way of a thread it takes ten times as long
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      if (!existsSync(this.dir)) await makePrivateFolder(this.dir);
      await inFolder(dirname(file), () => appendFile(file, line, { flag: APPENDING }));
    }
  }

  private fileOf(module: ModulePath): string {
    return join(this.dir, escapePath(module), '@sums');
  }
}

/** The lines that say something, of one version or of all. */
function linesIn(text: string, version?: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    const [kind = '', name = '', ...fields] = line.split(' ');
    const isWanted = version === undefined || name === version;
    if (isWanted && fields.length > 0) lines.push({ text: line, kind, name, fields });
  }
  return lines;
}

/** What is kept of a release whose lines these are; nothing where neither of its hashes is known. */
function evictedLine(version: string, lines: readonly Line[]): string[] {
  const before = lines.find(({ kind }) => kind === 'evicted');
  const { zip, mod } = { ...(before && evictedSums(before)), ...sumsIn(lines) };
  if (zip === undefined && mod === undefined) return [];
  return [`evicted ${version} ${zip ?? NOT_STORED} ${mod ?? NOT_STORED}`];
}

/** What the lines of one version say. */
function sumsIn(lines: readonly Line[]): VersionSums {
  const sums: VersionSums = {};
  for (const { kind, fields } of lines) {
    const [hash = '', origin] = fields;
    if (kind === 'mod' && isHash1(hash)) {
      sums.mod = hash;
    } else if (kind === 'ziphash' && isHash1(hash)) {
      sums.zip = hash;
    } else if (kind === 'info' && INFO_SUM.test(hash)) {
      Object.assign(sums, {
        info: hash,
        origin: origin !== undefined && ORIGIN.test(origin) ? origin : undefined,
      });
    }
  }
  return sums;
}

/** What `infoSum` gives. */
const INFO_SUM = /^[\w-]{43}$/;

/** A whole commit, or a time in RFC 3339. */
const ORIGIN = /^(?:[0-9a-f]{40}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))$/;

function evictedSums({ fields: [zip, mod] }: Line): VersionSums {
  const known = (hash: string | undefined) => (hash !== undefined && isHash1(hash) ? hash : undefined);
  return { zip: known(zip), mod: known(mod) };
}

/** What a line says after the version. */
function sumOf(kind: Part['kind'], bytes: Buffer): string | undefined {
  if (kind === 'mod') return goModHash(bytes);
  if (kind === 'ziphash') return bytes.toString('latin1').trim();
  return kind === 'info' ? `${infoSum(bytes)} ${infoOrigin(bytes) ?? ''}`.trim() : undefined;
}

/** The sum of an `.info` file. */
export function infoSum(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

/** The commit that an `.info` names, its time where it names none; undefined if it is not one. */
export function infoOrigin(bytes: Buffer): string | undefined {
  const info = parseObject(bytes);
  const origin = info === undefined ? undefined : info.Origin;
  const hash = typeof origin === 'object' && origin !== null && 'Hash' in origin ? origin.Hash : info?.Time;
  return typeof hash === 'string' && /^[\w:.+-]+$/.test(hash) ? hash : undefined;
}

/** JSON that is an object; undefined for anything else. */
export function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
