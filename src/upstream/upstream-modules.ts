/**
 * Public modules, passed through and kept.
 *
 * A version is asked for once and then served from the store like one of our own. Lists and branches are asked for again
 * after `refresh`; if that fails, the last answer is better than none. Nothing is stored that is not what it should
 * be: an `.info` of the version asked for, a zip whose files are those of this module.
 */
import type { Logger } from 'pino';
import { ModhavenError, isModhavenError, isNotExist } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { isCanonicalVersion } from '../module/version.js';
import { cachedLatest, cachedList, notCached } from '../modfetch/stored-versions.js';
import { createSingleflight } from '../concurrency/singleflight.js';
import type { Fetched, FetchOptions, ModuleSource } from '../modfetch/git-source.js';
import { putBytes, type Part, type VersionStore } from '../store/version-store.js';
import type { GoproxyClient } from './goproxy-client.js';
import type { StaleCache } from './stale-cache.js';
import { createZipPassthrough } from './zip-passthrough.js';
import {
  checkList,
  latestPath,
  listPath,
  parseInfo,
  parseList,
  readText,
  unusable,
  versionPath,
} from './protocol.js';
import type { Timestamped } from './timestamped-file.js';

export interface UpstreamModulesOptions {
  client: GoproxyClient;
  store: VersionStore;
  lastKnown: StaleCache;
  /** A directory on the disk of the store, for zips that are not checked yet. */
  tempDir: string;
  refreshMs: () => number;
  /** How long, in milliseconds, an upstream is waited for where its last answer is known. */
  staleAfterMs: () => number;
  log: Pick<Logger, 'warn'>;
  /** Who fetches a module from its repository when the turn of the list comes to that; undefined if nobody may. */
  direct?: (path: ModulePath) => ModuleSource | undefined;
}

const FETCH: FetchOptions = { onlyCached: false };

export function createUpstreamModules(options: UpstreamModulesOptions): ModuleSource {
  const { client, store, lastKnown, tempDir, refreshMs, staleAfterMs, log, direct } = options;
  const flights = createSingleflight();
  const zips = createZipPassthrough({
    ...{ client, store, tempDir },
    beyond: ({ module, version }) =>
      directly(module, async (service) => {
        await service.ensure(module, version, 'zip', FETCH);
      }),
  });

  /** What `ask` gets of the repository itself, in the form in which a client of the list wants it. */
  function directly<T>(
    module: ModulePath,
    ask: (service: ModuleSource) => Promise<T>,
  ): (() => Promise<T>) | undefined {
    const service = direct?.(module);
    return service && (() => ask(service));
  }

  /** A text that may change: at most `refresh` old, older only if the upstream cannot be asked. */
  async function changing(path: string, ask: (path: string) => Promise<Buffer>): Promise<Fetched<Buffer>> {
    const isFresh = ({ askedAt }: Timestamped) => Date.now() - askedAt < refreshMs();
    const before = await lastKnown.get(path);
    if (before !== undefined && isFresh(before)) return answerOf(before, true);
    const flight = flights.run(path, async () => {
      const known = await lastKnown.get(path); // another flight may have ended since
      if (known !== undefined && isFresh(known)) return answerOf(known, true);
      const askedAt = Date.now();
      try {
        const answer = { bytes: await ask(path), askedAt };
        await lastKnown.set(path, answer);
        return answerOf(answer, false);
      } catch (error) {
        if (isNotExist(error)) await lastKnown.forget(path);
        if (known === undefined || isNotExist(error)) throw error;
        logStale(path, error, known.askedAt);
        return { ...answerOf(known, true), stale: true };
      }
    });
    return before === undefined ? flight : inTime(flight, path, before);
  }

  /** What is known, if the upstream takes its time. It goes on meanwhile, for those who ask later. */
  async function inTime(
    flight: Promise<Fetched<Buffer>>,
    path: string,
    known: Timestamped,
  ): Promise<Fetched<Buffer>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Fetched<Buffer>>((resolve) => {
      timer = setTimeout(() => {
        logStale(path, 'no answer yet', known.askedAt);
        resolve({ ...answerOf(known, true), stale: true });
      }, staleAfterMs());
    });
    try {
      return await Promise.race([flight, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  function logStale(path: string, error: unknown, asOf?: number): void {
    const failure = isModhavenError(error) ? error.message : String(error);
    const asked = asOf === undefined ? undefined : new Date(asOf).toISOString();
    log.warn({ path, asked, failure }, 'upstream failed: the last answer is served');
  }

  /** What is stored, if there is nothing else to say because the upstream failed. */
  async function orStored<T>(
    path: string,
    answer: Promise<Fetched<T>>,
    stored: () => Promise<T>,
  ): Promise<Fetched<T>> {
    try {
      return await answer;
    } catch (error) {
      if (isNotExist(error)) throw error;
      const value = await stored().catch(() => {
        throw error;
      });
      logStale(path, error);
      return { value, fromCache: true, immutable: false, stale: true };
    }
  }

  async function askList(module: ModulePath, path: string): Promise<Buffer> {
    return client.read(
      path,
      async (answer) => {
        const text = await readText(answer, path);
        checkList(text, path);
        return text;
      },
      {
        beyond: directly(module, async (service) => {
          const { value } = await service.list(module, FETCH);
          return Buffer.from(value.map((version) => `${version}\n`).join(''));
        }),
      },
    );
  }

  async function askInfo(module: ModulePath, query: string, path: string): Promise<Buffer> {
    return client.read(
      path,
      async (answer) => {
        const bytes = await readText(answer, path);
        const { Version } = parseInfo(bytes, path);
        if (isCanonicalVersion(query) && Version !== query) throw unusable(path, 'it names another version');
        return bytes;
      },
      { beyond: directly(module, async (service) => (await service.info(module, query, FETCH)).value) },
    );
  }

  async function fetchInfo(part: Part): Promise<void> {
    if ((await store.size(part)) !== undefined) return; // another flight ended since it was looked for
    const bytes = await askInfo(part.module, part.version, versionPath(part));
    await putBytes(store, part, bytes);
  }

  async function fetchMod(part: Part): Promise<void> {
    if ((await store.size(part)) !== undefined) return;
    const { module, version } = part;
    const path = versionPath(part);
    await client.read(
      path,
      async (answer) => {
        const text = await readText(answer, path);
        if (/^\s*</.test(text.toString('utf8', 0, 200))) throw unusable(path, 'it is no go.mod');
        await putBytes(store, part, text);
      },
      {
        beyond: directly(module, async (service) => {
          await service.ensure(module, version, 'mod', FETCH);
        }),
      },
    );
  }

  function checkCanonical(module: ModulePath, version: string): void {
    if (isCanonicalVersion(version)) return;
    const message = `not found: ${module}@${version}: version is not canonical`;
    throw new ModhavenError('VERSION_NOT_FOUND', message);
  }

  return {
    async list(module, { onlyCached }) {
      if (onlyCached) return { value: await cachedList(store, module), fromCache: true, immutable: false };
      const path = listPath(module);
      const text = changing(path, () => askList(module, path));
      const list = text.then((answer) => ({ ...answer, value: parseList(answer.value) }));
      return orStored(path, list, () => cachedList(store, module, true));
    },

    async info(module, query, { onlyCached }) {
      const part: Part = { module, version: query, kind: 'info' };
      if (isCanonicalVersion(query)) {
        const stored = await store.read(part);
        if (stored !== undefined) return { value: stored, fromCache: true, immutable: true };
        if (onlyCached) throw notCached(`${module}@${query}`);
        await flights.run(versionPath(part), () => fetchInfo(part));
        return { value: (await store.read(part)) ?? Buffer.alloc(0), fromCache: false, immutable: true };
      }
      if (query !== 'latest') {
        if (onlyCached) throw notCached(`${module}@${query}`);
        return changing(versionPath(part), (path) => askInfo(module, query, path));
      }
      if (onlyCached) return { value: await cachedLatest(store, module), fromCache: true, immutable: false };
      const stored = () => cachedLatest(store, module, true);
      const path = latestPath(module);
      return orStored(
        path,
        changing(path, () => askInfo(module, query, path)),
        stored,
      );
    },

    async ensure(module, version, kind, { onlyCached }) {
      checkCanonical(module, version);
      const part: Part = { module, version, kind };
      if ((await store.size(part)) !== undefined) return { fromCache: true };
      if (onlyCached) throw notCached(`${module}@${version} (.${kind})`);
      if (kind === 'zip') await zips.stored(module, version);
      else await flights.run(versionPath(part), () => fetchMod(part));
      return { fromCache: false };
    },

    async zipInTransit(module, version, { onlyCached }) {
      checkCanonical(module, version);
      if (onlyCached || (await store.size({ module, version, kind: 'zip' })) !== undefined) return undefined;
      const transit = await zips.passing(module, version);
      transit?.body.on('error', (error) =>
        log.warn({ module, version, failure: error.message }, 'a zip broke off on its way to a client'),
      );
      return transit;
    },
  };
}

function answerOf({ bytes, askedAt }: Timestamped, fromCache: boolean): Fetched<Buffer> {
  return { value: bytes, fromCache, immutable: false, fetchedAt: askedAt };
}
