/**
 * The layout of `cache.dir`, written once:
 *
 *     download/           finished versions, as GOPROXY=file:// reads them (`storedName`)
 *     download/sumdb/     what public checksum databases said, as a GOPROXY serves it
 *     vcs/                bare mirrors of the repositories of rules; may be deleted at any time
 *     vcs/direct/         mirrors of the repositories of hosts that no rule names
 *     upstream/           lists, `@latest` and branches as upstreams said them last
 *     private/            lists, `@latest` and branches of private modules as their git hosts said them last
 *     sumdb/NAME/         our own checksum database
 *     sumdb/.seen/        the newest signed trees of public checksum databases
 *     sums/               what was stored of each version, to judge it later, and of removed releases (`recorded-sums.ts`)
 *     recorded/           versions whose content is sealed (`seals.ts`)
 *     fetched/            the first requester of each version (`catalog/first-fetches.ts`); may be deleted at any time
 *     damaged/            parts that were not what was stored
 *     copies/ID/          local copies of versions that lie in a bucket (`bucket/cached-bucket-store.ts`)
 *     version             the number of this layout (`state-version.ts`)
 *     usage               when versions were last used (`last-use.ts`)
 *     upstream-*          zips that come in and are not checked yet
 */
import { join } from 'node:path';

export interface CacheLayout {
  /** `cache.dir` itself. */
  readonly root: string;
  readonly download: string;
  readonly checksums: string;
  readonly mirrors: string;
  readonly directMirrors: string;
  readonly upstream: string;
  readonly privateAnswers: string;
  readonly ownDatabases: string;
  readonly seenTrees: string;
  readonly sums: string;
  readonly seals: string;
  readonly fetched: string;
  readonly damaged: string;
  readonly copies: string;
  readonly usage: string;
}

/** The folders below `cacheDir`. None of them need exist. */
export function cacheLayout(cacheDir: string): CacheLayout {
  const below = (...names: string[]) => join(cacheDir, ...names);
  return {
    root: cacheDir,
    download: below('download'),
    checksums: below('download', 'sumdb'),
    mirrors: below('vcs'),
    directMirrors: below('vcs', 'direct'),
    upstream: below('upstream'),
    privateAnswers: below('private'),
    ownDatabases: below('sumdb'),
    seenTrees: below('sumdb', '.seen'),
    sums: below('sums'),
    seals: below('recorded'),
    fetched: below('fetched'),
    damaged: below('damaged'),
    copies: below('copies'),
    usage: below('usage'),
  };
}
