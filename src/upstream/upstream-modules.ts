/**
 * Public modules, from the proxies of a list. Nothing is passed on that is not what it should be: an `.info` of the
 * version asked for, a zip whose files are those of this module.
 *
 * The last entry of the list may be the repository itself (`direct`): then its source answers as for private modules.
 */
import { inSlices } from '../concurrency/slices.js';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { isNotExist } from '../errors.js';
import type { Info } from '../module/info.js';
import type { ModulePath } from '../module/module-path.js';
import * as semver from '../module/semver.js';
import { versionsInList } from '../module/version-list.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import type { ModuleSource, SourceInfo, SourceList, SourceMod, SourceZip } from '../modfetch/repo.js';
import type { GoproxyClient } from './goproxy-client.js';
import {
  MAX_LIST,
  checkGoMod,
  checkEmptyList,
  checkMajor,
  latestPath,
  listPath,
  parseInfo,
  readText,
  unusable,
  versionPath,
} from './protocol.js';
import { fetchZip } from './zip-passthrough.js';

export interface UpstreamModulesOptions {
  client: GoproxyClient;
  /** A directory on the disk of the store, for zips that are not checked yet. */
  tempDir: string;
  /** The source that fetches a module from its repository when the list comes to that; undefined if none may. */
  direct?: (path: ModulePath) => ModuleSource | undefined;
}

export class UpstreamModules implements ModuleSource {
  private readonly options: UpstreamModulesOptions;

  constructor(options: UpstreamModulesOptions) {
    this.options = options;
  }

  list(module: ModulePath): Promise<SourceList> {
    const path = listPath(module);
    const asOf = monotonicNow();
    return this.options.client.read<SourceList>(
      path,
      async (answer) => {
        const text = await readText(answer, path, MAX_LIST);
        const versions = await inSlices(versionsInList(text));
        if (versions.length === 0) checkEmptyList(text, path);
        return { versions, asOf };
      },
      { beyond: this.beyond(module, (source) => source.list(module)) },
    );
  }

  async info(module: ModulePath, query: string): Promise<SourceInfo> {
    try {
      return await this.ask(module, query);
    } catch (error) {
      // A proxy need not answer `@latest`: then the go command takes the newest of the list.
      if (query !== 'latest' || !isNotExist(error)) throw error;
      const newest = newestOf((await this.list(module)).versions);
      if (newest === undefined) throw error;
      return this.ask(module, newest);
    }
  }

  private ask(module: ModulePath, query: string): Promise<SourceInfo> {
    const path =
      query === 'latest' ? latestPath(module) : versionPath({ module, version: query, kind: 'info' });
    const asOf = monotonicNow();
    return this.options.client.read<SourceInfo>(
      path,
      async (answer) => {
        const info = await readText(answer, path);
        const { Version: version } = parseInfo(info, path);
        checkMajor(module, version, path);
        if (isCanonicalVersion(query) && version !== query) throw unusable(path, 'it names another version');
        return { version, info, asOf };
      },
      { beyond: this.beyond(module, (source) => source.info(module, query)) },
    );
  }

  mod(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceMod> {
    const path = versionPath({ module, version, kind: 'mod' });
    return this.options.client.read<SourceMod>(
      path,
      async (answer) => {
        const mod = await readText(answer, path);
        await checkGoMod(mod, path);
        return { mod };
      },
      { beyond: this.beyond(module, (source) => source.mod(module, version, pinned)) },
    );
  }

  zip(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceZip> {
    return fetchZip({
      client: this.options.client,
      tempDir: this.options.tempDir,
      module,
      version,
      beyond: this.beyond(module, (source) => source.zip(module, version, pinned)),
    });
  }

  /** What `ask` gets of the repository itself; undefined if the list does not lead there. */
  private beyond<T>(
    module: ModulePath,
    ask: (source: ModuleSource) => Promise<T>,
  ): (() => Promise<T>) | undefined {
    const source = this.options.direct?.(module);
    return source && (() => ask(source));
  }
}

/** The newest release; if there is none, the newest pre-release. */
function newestOf(versions: readonly CanonicalVersion[]): CanonicalVersion | undefined {
  const releases = versions.filter((version) => semver.prerelease(version) === '');
  let newest: CanonicalVersion | undefined;
  for (const version of releases.length > 0 ? releases : versions) {
    if (newest === undefined || semver.compareVersions(newest, version) < 0) newest = version;
  }
  return newest;
}
