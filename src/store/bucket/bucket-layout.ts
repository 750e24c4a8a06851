/**
 * The layout of a bucket below its prefix, written once:
 *
 *     <escaped module>/@v/<escaped version>.info|.mod|.zip|.ziphash, @v/list    finished versions, as a GOPROXY serves them
 *     sumdb/NAME/…                     what public checksum databases said, as a GOPROXY serves it
 *     .modhaven/upstream/…             lists, `@latest` and branches as upstreams said them last
 *     .modhaven/private/…              the same of private modules, as their git hosts said them last
 *     .modhaven/recorded/…             versions whose content is sealed (`seals.ts`)
 *     .modhaven/fetched/…              the first requester of each version (`catalog/first-fetches.ts`)
 *     .modhaven/sumdb/NAME/…           our own checksum database
 *     .modhaven/damaged/…              parts that were not what was stored
 *     .modhaven/probe/…                what a replica writes to see whether it can
 */

/** What is not a version of ours lies below it. */
export const OWN_FOLDER = '.modhaven/';

export const BUCKET_FOLDERS = {
  checksums: 'sumdb/',
  upstream: `${OWN_FOLDER}upstream/`,
  privateAnswers: `${OWN_FOLDER}private/`,
  seals: `${OWN_FOLDER}recorded/`,
  fetched: `${OWN_FOLDER}fetched/`,
  ownDatabases: `${OWN_FOLDER}sumdb/`,
  damaged: `${OWN_FOLDER}damaged/`,
} as const;
