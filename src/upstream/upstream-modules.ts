/**
 * Public modules, passed through and kept.
 *
 * A version is asked for once and then served from the store like one of our own. Lists and branches are asked for again
 * after `refresh`; if that fails, the last answer is better than none. Nothing is stored that is not what it should
 * be: an `.info` of the version asked for, a zip whose files are those of this module.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { ModhavenError, isNotExist } from '../errors.js';
import { escapePath, escapeVersion } from '../module/escaping.js';
import * as semver from '../module/semver.js';
import { isCanonicalVersion } from '../module/version.js';
import { ZIP_LIMITS } from '../module/zip-files.js';
import { cachedLatest, cachedList, notCached } from '../proxy/cached-only.js';
import { createCoalescer } from '../proxy/coalesce.js';
import type { ModuleService } from '../proxy/module-service.js';
import { decodeInfo } from '../proxy/version-info.js';
import { putBytes, type Part, type VersionStore } from '../proxy/version-store.js';
import { hashModuleZip } from '../proxy/zip-hash.js';
import type { GoproxyClient, UpstreamAnswer } from './goproxy-client.js';

export interface UpstreamModulesOptions {
  client: GoproxyClient;
  store: VersionStore;
  /** A directory on the disk of the store, for zips that are not checked yet. */
  tempDir: string;
  refreshMs: () => number;
  log: Pick<Logger, 'warn'>;
}

interface Remembered {
  bytes: Buffer;
  askedAt: number;
}

/** Bytes of lists, branches and `@latest` answers that are remembered. */
const MAX_REMEMBERED = 64 * 1024 * 1024;

/** Texts of the protocol are small; the largest go.mod the go command reads is this. */
const MAX_TEXT = ZIP_LIMITS.goMod;

export function createUpstreamModules(options: UpstreamModulesOptions): ModuleService {
  const { client, store, tempDir, refreshMs, log } = options;
  const flights = createCoalescer();
  const remembered = new LRUCache<string, Remembered>({
    maxSize: MAX_REMEMBERED,
    sizeCalculation: ({ bytes }, path) => bytes.length + path.length,
  });

  /** A text that may change: at most `refresh` old, older only if the upstream cannot be asked. */
  function changing(path: string): Promise<Buffer> {
    const known = remembered.get(path);
    if (known !== undefined && Date.now() - known.askedAt < refreshMs()) return Promise.resolve(known.bytes);
    return flights.run(path, async () => {
      const askedAt = Date.now();
      try {
        const bytes = await readText(await client.get(path), path);
        remembered.set(path, { bytes, askedAt });
        return bytes;
      } catch (error) {
        if (known === undefined || isNotExist(error)) throw error;
        log.warn(
          { path, asked: new Date(known.askedAt).toISOString() },
          'upstream failed: the last answer is served',
        );
        return known.bytes;
      }
    });
  }

  async function fetchPart(part: Part): Promise<void> {
    const path = urlPath(part);
    const answer = await client.get(path);
    if (part.kind === 'zip') return storeZip(part, answer);
    const bytes = await readText(answer, path);
    if (part.kind === 'info' && decode(bytes, path).Version !== part.version)
      throw unusable(path, 'it names another version');
    await putBytes(store, part, bytes);
  }

  /** Nobody sees a zip before it is whole and was checked. */
  async function storeZip(zip: Part, answer: UpstreamAnswer): Promise<void> {
    const folder = await mkdtemp(join(tempDir, 'upstream-'));
    try {
      const file = join(folder, 'zip');
      await pipeline(limited(answer, urlPath(zip)), createWriteStream(file));
      const hash = await hashModuleZip(file, `${zip.module}@${zip.version}`);
      await putBytes(store, { ...zip, kind: 'ziphash' }, Buffer.from(hash));
      await store.put(zip, (sink) => pipeline(createReadStream(file), sink, { end: false }));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  return {
    async list(module, { onlyCached }) {
      const path = `/${escapePath(module)}/@v/list`;
      if (onlyCached) return { value: await cachedList(store, module), hit: true, immutable: false };
      const text = (await changing(path)).toString('utf8');
      const versions = text.split('\n').map((line) => line.trim().split(/\s/, 1)[0] ?? '');
      return { value: versions.filter(isCanonicalVersion), hit: false, immutable: false };
    },

    async info(module, query, { onlyCached }) {
      const part: Part = { module, version: query, kind: 'info' };
      if (isCanonicalVersion(query)) {
        const stored = await store.read(part);
        if (stored !== undefined) return { value: stored, hit: true, immutable: true };
        if (onlyCached) throw notCached(`${module}@${query}`);
        await flights.run(urlPath(part), () => fetchPart(part));
        return { value: (await store.read(part)) ?? Buffer.alloc(0), hit: false, immutable: true };
      }
      if (onlyCached) {
        if (query !== 'latest') throw notCached(`${module}@${query}`);
        return { value: await cachedLatest(store, module), hit: true, immutable: false };
      }
      const path = query === 'latest' ? `/${escapePath(module)}/@latest` : urlPath(part);
      const value = await changing(path);
      decode(value, path);
      return { value, hit: false, immutable: false };
    },

    async ensure(module, version, kind, { onlyCached }) {
      const part: Part = { module, version, kind };
      if (!isCanonicalVersion(version))
        throw new ModhavenError(
          'VERSION_NOT_FOUND',
          `not found: ${module}@${version}: version is not canonical`,
        );
      if ((await store.size(part)) !== undefined) return { hit: true };
      if (onlyCached) throw notCached(`${module}@${version} (.${kind})`);
      await flights.run(urlPath(part), () => fetchPart(part));
      return { hit: false };
    },
  };
}

function urlPath({ module, version, kind }: Part): string {
  return `/${escapePath(module)}/@v/${escapeVersion(version)}.${kind}`;
}

/** The pieces of an answer, as long as it is a zip of possible size and comes to its announced end. */
async function* limited({ body, length }: UpstreamAnswer, path: string): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of body) {
    if (size === 0 && !Buffer.from(piece.subarray(0, 2)).equals(Buffer.from('PK')))
      throw unusable(path, 'it is no zip');
    size += piece.length;
    if (size > ZIP_LIMITS.zip) throw unusable(path, `it is larger than ${ZIP_LIMITS.zip} bytes`);
    yield piece;
  }
  if (length !== undefined && size !== length)
    throw unusable(path, `it ended after ${size} of ${length} bytes`);
}

async function readText({ body }: UpstreamAnswer, path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_TEXT) throw unusable(path, `it is larger than ${MAX_TEXT} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function decode(bytes: Buffer, path: string): { Version: string } {
  try {
    const info = decodeInfo(bytes);
    if (semver.isValid(info.Version)) return info;
  } catch {
    // Not JSON: an error page, most likely.
  }
  throw unusable(path, 'it is no version in JSON');
}

function unusable(path: string, reason: string): ModhavenError {
  return new ModhavenError('HOST_REFUSED', `the upstream proxy sent something unusable for ${path}`, {
    reason,
    remedy:
      'look at what upstream: in modhaven.yaml names; a login page or a web filter may answer in its place',
  });
}
