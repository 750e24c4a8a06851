/** What the page of a module shows, gathered from the catalog, the store and a fetch. Nothing here is HTML. */
import { decodeInfo, type Info } from '../../module/info.js';
import type { CanonicalVersion } from '../../module/version.js';
import { outlineGoMod, type GoModOutline, type Retraction } from '../../module/go-mod-outline.js';
import { isRetracted } from '../../module/go-mod.js';
import { newestRelease } from '../../module/latest.js';
import type { ModulePath } from '../../module/module-path.js';
import { isPseudoVersion } from '../../module/pseudo-version.js';
import * as semver from '../../module/semver.js';
import type { Catalog } from '../../catalog/catalog.js';
import type { Fetcher, FirstFetch } from '../../catalog/first-fetches.js';
import { formatMoment, type Moment } from '../../catalog/moment.js';
import type { Modules } from '../../modfetch/repo.js';
import type { VersionReader } from '../../store/version-store.js';
import type { FetchedVersion } from './fetch-jobs.js';

export interface VersionRow {
  version: string;
  isPrerelease: boolean;
  isPseudo: boolean;
  /** Why it was retracted, '' without a reason; undefined if it was not. */
  retracted: string | undefined;
  /** Of the commit, RFC 3339; undefined where the version was never asked for. */
  time: string | undefined;
  commit: string | undefined;
  tag: string | undefined;
  /** When it was stored here first, RFC 3339. */
  storedAt: string | undefined;
  /** For whom; undefined where that is not known, or not for this visitor. */
  fetchedBy: Fetcher | undefined;
}

/** The first requester of each version of a module. */
export type Fetches = ReadonlyMap<string, FirstFetch>;

/** A note this much later than the version is about another fetch, in milliseconds: the first one was not noted. */
const NOTED_WITHIN_MS = 60_000;

export interface ModuleView {
  module: ModulePath;
  version: CanonicalVersion;
  info: Info;
  /** What `go get MODULE` takes; undefined where no list is known. */
  latest: CanonicalVersion | undefined;
  isStale: boolean;
  modText: string;
  mod: GoModOutline;
  /** Of the newest version, which speaks for all of them. */
  deprecated: string | undefined;
  retracted: string | undefined;
  /** Newest first; pseudo-versions only those that are stored here. */
  versions: readonly CanonicalVersion[];
  retractions: readonly Retraction[];
}

export interface ModuleViewOptions {
  catalog: Catalog;
  modules: Modules;
  store: Pick<VersionReader, 'read'>;
}

export async function moduleView(
  { catalog, modules }: ModuleViewOptions,
  module: ModulePath,
  fetched: FetchedVersion,
): Promise<ModuleView> {
  const { version, info, list, isStale } = fetched;
  const stored = catalog.get(module)?.versions() ?? [];
  const versions = semver.sortVersions([...new Set([...(list ?? []), ...stored, version])]).reverse();
  const mod = outlineGoMod(fetched.mod);
  const newest = newestRelease(list ?? []) ?? version;
  const speaks = newest === version ? mod : await outlineOf(modules, module, newest);
  const retractions = speaks?.retracts ?? [];
  const good = (list ?? []).filter((candidate) => !isRetracted(retractions, candidate));
  return {
    module,
    version,
    info,
    isStale,
    mod,
    versions,
    retractions,
    modText: fetched.mod,
    latest: newestRelease(good) ?? newestRelease(list ?? []),
    deprecated: speaks?.deprecated,
    retracted: retraction(retractions, version),
  };
}

/** The rows of some versions of a module: what is stored says when and from which commit they are. */
export function versionRows(
  { catalog, store }: ModuleViewOptions,
  { module, retractions }: Pick<ModuleView, 'module' | 'retractions'>,
  versions: readonly CanonicalVersion[],
  fetches: Fetches = new Map(),
): Promise<VersionRow[]> {
  const known = catalog.get(module);
  return Promise.all(
    versions.map(async (version) => {
      const bytes =
        known?.has(version) === true ? await store.read({ module, version, kind: 'info' }) : undefined;
      const info = bytes && decodeInfo(bytes);
      const moment = known?.momentOf(version);
      return {
        version,
        isPrerelease: semver.prerelease(version) !== '' && !isPseudoVersion(version),
        isPseudo: isPseudoVersion(version),
        retracted: retraction(retractions, version),
        time: info?.Time,
        commit: info?.Origin?.Hash,
        tag: tagOf(info),
        storedAt: moment && formatMoment(moment),
        fetchedBy: moment && firstFetcher(fetches.get(version), moment),
      };
    }),
  );
}

function firstFetcher(fetch: FirstFetch | undefined, { us }: Moment): Fetcher | undefined {
  return fetch !== undefined && fetch.at <= us / 1000 + NOTED_WITHIN_MS ? fetch.by : undefined;
}

/** The tag that a version is made from; undefined where it was not made from one. */
function tagOf(info: Info | undefined): string | undefined {
  const ref = info?.Origin?.Ref;
  return ref?.startsWith('refs/tags/') === true ? ref.slice('refs/tags/'.length) : undefined;
}

/** Retractions among which the one that says why is looked for. */
const MAX_RATIONALES = 1_000;

/** Why `version` was retracted, '' where that is not known; undefined if it was not. */
function retraction(retractions: readonly Retraction[], version: CanonicalVersion): string | undefined {
  if (!isRetracted(retractions, version)) return undefined;
  return retractions.slice(0, MAX_RATIONALES).find((each) => isRetracted([each], version))?.rationale ?? '';
}

/** Undefined where it cannot be had: a page without warnings is better than no page. */
async function outlineOf(
  modules: Modules,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<GoModOutline | undefined> {
  const mod = await modules.mod(module, version).catch(() => undefined);
  return mod && outlineGoMod(mod.value.toString());
}
