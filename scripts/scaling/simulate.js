/**
 * What a company of some size asks of its replicas: a small simulation behind the figures of docs/scaling.md.
 *
 *     node scripts/scaling/simulate.js [--seed N] [NAME=VALUE …]
 *
 * Builds ask for versions with the popularity of a Zipf distribution; most machines have most of them already. What is left
 * meets the local copies of three replicas (least recently used, bounded in bytes), and what these do not have comes
 * out of the bucket. No server is started: the cost of one request is a measured figure (bench/README.md).
 */
const defaults = {
  developers: 10_000,
  /** Builds a developer and their share of the CI makes that have to ask a proxy, a day. */
  buildsPerDay: 12,
  /** Share of the day's builds in its busiest hour. */
  peakHour: 0.2,
  /** Versions that a build needs, and requests for each: as counted by count-build.js. */
  versionsPerBuild: 94,
  requestsPerVersion: 3,
  /** Share of them that the machine has already. A CI job that starts empty has none. */
  alreadyThere: 0.9,
  modules: 50_000,
  /** So that a version has 1.4 MB, as counted by count-build.js. */
  versionsPerModule: 70,
  /** Bytes of all that is stored. */
  storedBytes: 5e12,
  /** Exponent of the popularity of versions: 0 asks for all alike. */
  zipf: 1,
  replicas: 3,
  /** Bytes of local copies of one replica (store.s3.cache_size). */
  cacheBytes: 100 * 2 ** 30,
  /**
   * Processor time in microseconds: of a warm request, of each MB that is sent, of a version that comes out of the bucket
   * because this replica has no copy, and of a cold fetch (bench/README.md).
   */
  warmMicros: 22,
  megabyteMicros: 217,
  missMicros: 18_000,
  coldMicros: 470_000,
  /** Requests to the bucket for a version of which a replica has no copy: `.info`, `.mod`, zip and its hash. */
  readsPerMiss: 5,
  /** Share of the requests for a version that no replica has ever fetched. */
  coldShare: 0.0005,
  /** Requests of one cold fetch to the bucket that write or list, and that read (`npm run bench -- replicas`). */
  writesPerFetch: 7,
  readsPerFetch: 12,
  /** Of one replica at rest without workers, a minute, to the bucket, which read: whether something was purged. */
  restRequestsPerMinute: 30,
  /**
   * Prices: dollars a GB and month, a million requests that write or list, a million that read, a GB that leaves the
   * bucket. These are those of the price list of Cloudflare R2 (standard storage), as it was in August 2026.
   */
  priceStorage: 0.015,
  priceWrites: 4.5,
  priceReads: 0.36,
  priceOut: 0,
  /** Versions that are drawn; the first half fills the copies. */
  draws: 600_000,
};

const settings = { ...defaults };
let seed = 1;
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i += 1) {
  const arg = args[i] ?? '';
  const [name = '', value] = arg === '--seed' ? ['seed', args[(i += 1)]] : arg.split('=');
  if (name === 'seed') {
    seed = Number(value);
  } else if (name in settings && Number.isFinite(Number(value))) {
    settings[name] = Number(value);
  } else {
    process.stderr.write(`unknown setting ${arg}; known: ${Object.keys(defaults).join(', ')}\n`);
    process.exit(2);
  }
}

/** mulberry32: the same numbers for the same seed. */
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const versions = settings.modules * settings.versionsPerModule;
const meanBytes = settings.storedBytes / versions;

/** Ranks from 0 on, the most popular first, by inversion of the continuous distribution. */
function rank() {
  const s = settings.zipf;
  if (s === 1) return Math.floor(Math.exp(random() * Math.log(versions + 1))) - 1;
  const most = (versions + 1) ** (1 - s);
  return Math.min(versions - 1, Math.floor((random() * (most - 1) + 1) ** (1 / (1 - s))) - 1);
}

/** Sizes differ much: the middle one is a fifth of the mean. The size of a version is always the same. */
function bytesOf(version) {
  const u = ((Math.imul(version + 1, 2654435761) >>> 0) + 0.5) / 2 ** 32;
  const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * ((version * 0.618034) % 1));
  const sigma = Math.sqrt(2 * Math.log(5));
  return (meanBytes / 5) * Math.exp(sigma * normal);
}

const caches = Array.from({ length: settings.replicas }, () => ({ held: new Map(), bytes: 0 }));
let [requests, hits, sentBytes, bucketBytes] = [0, 0, 0, 0];
const warmUp = settings.draws / 2;
for (let i = 0; i < settings.draws; i += 1) {
  const version = rank();
  const module = version % settings.modules;
  const cache = caches[module % settings.replicas];
  const size = bytesOf(version);
  const isCounted = i >= warmUp;
  const isHit = cache.held.delete(version);
  if (isHit) cache.bytes -= size;
  if (size <= settings.cacheBytes / 4) {
    cache.held.set(version, size);
    cache.bytes += size;
  }
  for (const [oldest, bytes] of cache.held) {
    if (cache.bytes <= settings.cacheBytes) break;
    cache.held.delete(oldest);
    cache.bytes -= bytes;
  }
  if (!isCounted) continue;
  requests += 1;
  sentBytes += size;
  if (isHit) hits += 1;
  else bucketBytes += size;
}

const perDay =
  settings.developers * settings.buildsPerDay * settings.versionsPerBuild * (1 - settings.alreadyThere);
const peakVersions = (perDay * settings.peakHour) / 3600;
const meanSent = sentBytes / requests;
const missShare = 1 - hits / requests;
const peakRequests = peakVersions * settings.requestsPerVersion;
const peakMegabytes = (peakVersions * meanSent) / 1e6;
const cpu =
  (peakRequests * settings.warmMicros +
    peakMegabytes * settings.megabyteMicros +
    peakVersions * missShare * settings.missMicros +
    peakVersions * settings.coldShare * settings.coldMicros) /
  1e6;
const round = (value, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits });
const rows = [
  ['versions stored', round(versions)],
  ['mean bytes of a version', `${round(meanBytes / 1e6, 1)} MB`],
  ['versions asked for, a day', round(perDay)],
  ['requests a second, busiest hour', round(peakRequests)],
  ['bytes a second, busiest hour', `${round(peakMegabytes)} MB`],
  ['processors busy, all replicas, busiest hour', round(cpu, 2)],
  ['served from local copies', `${round(100 * (1 - missShare), 1)} %`],
  ['out of the bucket, a day', `${round((perDay * bucketBytes) / requests / 1e12, 2)} TB`],
  ['GET requests to the bucket, a day', round(perDay * missShare * settings.readsPerMiss)],
];
const perMonth = 30;
const fetches = perDay * settings.coldShare * perMonth;
const reads =
  perDay * missShare * settings.readsPerMiss * perMonth +
  fetches * settings.readsPerFetch +
  settings.replicas * settings.restRequestsPerMinute * 60 * 24 * perMonth;
const outGb = ((perDay * bucketBytes) / requests / 1e9) * perMonth;
const dollars = (value) => `$ ${round(value)}`;
rows.push(
  ['a month: bytes stored', dollars((settings.storedBytes / 1e9) * settings.priceStorage)],
  [
    'a month: requests that write or list',
    dollars(((fetches * settings.writesPerFetch) / 1e6) * settings.priceWrites),
  ],
  ['a month: requests that read', dollars((reads / 1e6) * settings.priceReads)],
  ['a month: bytes out of the bucket', dollars(outGb * settings.priceOut)],
);
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(46)}${value}\n`);
