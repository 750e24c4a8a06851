/**
 * Versions on a disk beside versions in a bucket, with one, two and three replicas: what a cold fetch and a warm request
 * cost, how often origins are asked, and what a replica costs at rest.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { faultyS3, type FaultyS3 } from '../../test/support/relays/faulty-s3.js';
import { commandsIn } from '../../test/support/hosts/git-http-host.js';
import { redisHost, type RedisHost } from '../../test/support/hosts/redis-host.js';
import { S3_LOGIN, s3Host } from '../../test/support/hosts/s3-host.js';
import { moduleOf, SMALLS } from '../corpus/repos.js';
import { isInstalled } from '../lab/cores.js';
import { lineOf, proxyPath, withDir, type Lab } from '../lab/lab.js';
import { MODHAVEN, startModhaven } from '../lab/modhaven.js';
import type { RunningServer } from '../lab/server.js';
import { mustGet } from '../measure/client.js';
import { interleave, timed } from '../measure/interleave.js';
import type { Unit } from '../measure/line.js';
import { cpuSeconds, residentMB } from '../measure/processes.js';
import type { BenchResult } from './bench.js';

const MODULES = SMALLS.slice(0, 20).map(moduleOf);
const PATHS = MODULES.flatMap((module) =>
  ['v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip'].map((file) => proxyPath(module, file)),
);
/** How often each path is asked for of each replica when it is warm. */
const WARM_ROUNDS = 20;
/** Until a replica is at rest, in milliseconds. */
const SETTLE_MS = 12_000;
const BUCKET = 'bench';

interface Scenario {
  name: string;
  replicas: number;
  store: 'disk' | 's3';
  hasRedis: boolean;
}

const SCENARIOS: Scenario[] = [
  { name: MODHAVEN, replicas: 1, store: 'disk', hasRedis: false },
  { name: 's3', replicas: 1, store: 's3', hasRedis: true },
  { name: 's3, 2 replicas', replicas: 2, store: 's3', hasRedis: true },
  { name: 's3, 3 replicas', replicas: 3, store: 's3', hasRedis: true },
  { name: 's3, 3 without Redis', replicas: 3, store: 's3', hasRedis: false },
];

/** A minute's figures are for one replica. */
interface Sample {
  coldMs: number;
  coldCpuMs: number;
  /** Packs that the git host was asked for, a module. */
  fetches: number;
  bucketRequests: number;
  warmMicros: number;
  /** Requests to the bucket while everything was warm. */
  warmBucketRequests: number;
  restMB: number;
  restCpuMs: number;
  restBucketRequests: number;
  restRedisCommands: number;
}

const LINES: [name: string, unit: Unit, value: (sample: Sample) => number][] = [
  ['replicas: 20 cold modules, all replicas at once', 'ms', (s) => s.coldMs],
  ['the same, processor time of all', 'ms', (s) => s.coldCpuMs],
  ['the same, packs a module', 'calls', (s) => s.fetches],
  ['the same, requests to the bucket a module', 'calls', (s) => s.bucketRequests],
  ['replicas: processor time of one warm request', 'µs', (s) => s.warmMicros],
  ['the same, requests to the bucket', 'calls', (s) => s.warmBucketRequests],
  ['a replica at rest: memory', 'MB', (s) => s.restMB],
  ['a replica at rest: processor time a minute', 'ms', (s) => s.restCpuMs],
  ['a replica at rest: requests to the bucket a minute', 'calls', (s) => s.restBucketRequests],
  ['a replica at rest: commands of Redis a minute', 'calls', (s) => s.restRedisCommands],
];

export async function replicas(lab: Lab): Promise<BenchResult> {
  if (lab.isComparison) return {};
  if (!isInstalled('go') || !isInstalled('redis-server')) {
    return { skipped: ['replicas: they need go (for an S3 server) and redis-server'] };
  }
  lab.say('replicas');
  await using s3 = await s3Host();
  await s3.bucket(BUCKET);
  await using relay = await faultyS3(s3.port);
  await using redis = await redisHost();
  const samples = await interleave(SCENARIOS, lab.rounds, (scenario) =>
    withDir((dir) => measure(lab, scenario, { dir, relay, redis })),
  );
  return { lines: LINES.map(([name, unit, value]) => lineOf(lab, samples, { name, unit, value })) };
}

interface Place {
  dir: string;
  relay: FaultyS3;
  redis: RedisHost;
}

async function measure(lab: Lab, scenario: Scenario, place: Place): Promise<Sample> {
  const servers: RunningServer[] = [];
  try {
    for (let i = 0; i < scenario.replicas; i += 1) servers.push(await start(lab, scenario, place, i));
    return await carry(lab, servers, place);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function start(
  lab: Lab,
  { store, hasRedis }: Scenario,
  place: Place,
  i: number,
): Promise<RunningServer> {
  const dir = path.join(place.dir, String(i));
  await mkdir(dir);
  const prefix = `${path.basename(place.dir)}/`;
  const s3 = { endpoint: place.relay.url, bucket: BUCKET, prefix, path_style: true, region: 'us-east-1' };
  const config = {
    ...(store === 's3' && { store: { s3 } }),
    ...(hasRedis && { redis: place.redis.url }),
  };
  return startModhaven(lab.git.url, { dir, config, env: S3_LOGIN });
}

async function carry(lab: Lab, servers: readonly RunningServer[], { relay, redis }: Place): Promise<Sample> {
  const cpu = () => servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const requests = () => relay.requests.length;
  const everywhere = (paths: readonly string[]) =>
    Promise.all(servers.flatMap(({ url }) => paths.map((each) => mustGet(url + each))));

  lab.git.requests.length = 0;
  let [cpuBefore, asked] = [cpu(), requests()];
  const coldMs = await timed(async () => {
    for (const module of MODULES) {
      await everywhere(['v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip'].map((file) => proxyPath(module, file)));
    }
  });
  const coldCpuMs = (cpu() - cpuBefore) * 1_000;
  const packs = commandsIn(lab.git.requests).filter((command) => command === 'fetch').length;
  const [fetches, bucketRequests] = [packs / MODULES.length, (requests() - asked) / MODULES.length];

  await everywhere(PATHS);
  [cpuBefore, asked] = [cpu(), requests()];
  for (let round = 0; round < WARM_ROUNDS; round += 1) await everywhere(PATHS);
  const warmMicros = ((cpu() - cpuBefore) * 1e6) / (WARM_ROUNDS * PATHS.length * servers.length);
  const warmBucketRequests = requests() - asked;

  // What was put off is done by then (the notes of first requesters, the next look for purges).
  await sleep(SETTLE_MS);
  const seconds = Math.max(15, lab.seconds * 5);
  const share = 60 / seconds / servers.length;
  const question = await questionCost(redis);
  const commands = await redisCommands(redis);
  [cpuBefore, asked] = [cpu(), requests()];
  await sleep(seconds * 1_000);
  return {
    coldMs,
    coldCpuMs,
    fetches,
    bucketRequests,
    warmMicros,
    warmBucketRequests,
    restCpuMs: (cpu() - cpuBefore) * 1_000 * share,
    restBucketRequests: (requests() - asked) * share,
    restRedisCommands: ((await redisCommands(redis)) - commands - question) * share,
    restMB: servers.reduce((sum, { pid }) => sum + residentMB(pid), 0) / servers.length,
  };
}

/** How many commands a call of `redisCommands` is itself. */
async function questionCost(redis: RedisHost): Promise<number> {
  const before = await redisCommands(redis);
  return (await redisCommands(redis)) - before;
}

/** How many commands Redis has carried out. */
async function redisCommands({ url }: RedisHost): Promise<number> {
  const client = await createClient({ url }).connect();
  try {
    return Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
  } finally {
    client.destroy();
  }
}
