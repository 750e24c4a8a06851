/**
 * What was stored of each version, in a few bytes beside the store, so that a stored file can be judged when it is read
 * much later: `<dir>/<escaped module>/@sums`, one line a part, the newest of a part last.
 *
 *     mod v1.0.0 h1:…
 *     ziphash v1.0.0 h1:…
 *     info v1.0.0 <sha256 in base64url> <commit, or the time where no commit is named>
 *
 * Lines are appended in one write each, so that processes may do so at the same time. A lost line costs a weaker check of
 * that part, nothing else.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { goModHash } from '../module/files/dirhash.js';
import { escapePath } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import { hasCode } from '../fs/file-errors.js';
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

export class RecordedSums {
  private readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Notes what was stored. Never fails. */
  async note({ module, version, kind }: Part, bytes: Buffer): Promise<void> {
    const fields = sumOf(kind, bytes);
    if (fields === undefined) return;
    await this.append(module, `${kind} ${version} ${fields}\n`).catch(() => undefined);
  }

  /** What is known of a version; empty if nothing is. */
  async of({ module, version }: ModuleVersion): Promise<VersionSums> {
    const text = await readFile(this.fileOf(module), 'utf8').catch(() => '');
    const sums: VersionSums = {};
    for (const line of text.split('\n')) {
      const [kind, name, hash, origin] = line.split(' ');
      if (name !== version || hash === undefined) continue;
      if (kind === 'mod') sums.mod = hash;
      else if (kind === 'ziphash') sums.zip = hash;
      else if (kind === 'info') Object.assign(sums, { info: hash, origin });
    }
    return sums;
  }

  private async append(module: ModulePath, line: string): Promise<void> {
    const file = this.fileOf(module);
    try {
      await appendFile(file, line);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, line);
    }
  }

  private fileOf(module: ModulePath): string {
    return join(this.dir, escapePath(module), '@sums');
  }
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
