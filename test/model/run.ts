/** Makes things happen to three replicas, and says what has to hold afterwards whatever happened. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { isModhavenError } from '../../src/errors.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { createBucketBlobStore } from '../../src/store/bucket/bucket-blob-store.js';
import { BUCKET_FOLDERS } from '../../src/store/bucket/bucket-layout.js';
import { generateKey, parseSignerKey, type Signer } from '../../src/sumdb/format/note.js';
import { goSumLines } from '../../src/sumdb/format/record.js';
import { openLog } from '../../src/sumdb/log/log.js';
import { SharedLog } from '../../src/sumdb/log/shared-log.js';
import { MemoryBucket } from '../support/stores/memory-bucket.js';
import { MemoryRedis } from '../support/stores/memory-redis.js';
import { MemoryS3 } from '../support/stores/memory-s3.js';
import { removeTree, tempDir } from '../support/tmp.js';
import { REPLICAS, VERSIONS, events, type Event, type Question } from './events.js';
import { isStruck } from './gapped-s3.js';
import { Gaps } from './gaps.js';
import { DATABASE, Replica, Vanished, partsOf, zipHashOf, type World } from './replica.js';

/** So many gaps may be passed between two events. */
const MAX_STEPS = 25;
/** In the log at the start: two versions more are a whole tile of 256. */
const RECORDS = 254;

/** Whatever happens, in whatever order. A seed chooses both. */
export function property(): fc.IAsyncProperty<[readonly Event[], number]> {
  return fc.asyncProperty(events, fc.integer(), (what, order) => happen(what, order));
}

/** Makes these things happen, in an order that `order` chooses, and throws where something is not as it has to be. */
export async function happen(what: readonly Event[], order: number): Promise<void> {
  const dir = await tempDir('model');
  try {
    const run = new Run(dir, order, await begin());
    await run.start();
    for (const event of what) await run.take(event);
    await run.check();
  } finally {
    removeTree(dir);
  }
}

interface Begin {
  signer: Signer;
  objects: MemoryBucket['objects'];
}

let begun: Promise<Begin> | undefined;

/** The log has almost a tile of records at the start, so that each run seals one. */
function begin(): Promise<Begin> {
  begun ??= (async () => {
    const signer = parseSignerKey(generateKey(DATABASE).signerKey);
    const bucket = new MemoryBucket();
    const dir = await tempDir('model-begin');
    const blobs = createBucketBlobStore(bucket, BUCKET_FOLDERS.ownDatabases);
    const shared = new SharedLog({ blobs, name: DATABASE, copies: dir, place: 'the bucket' });
    const silent = { info: () => undefined, warn: () => undefined };
    const log = openLog({ dir: shared.dir, witnessFile: path.join(dir, 'witness'), shared }, signer, silent);
    const sums = { zip: zipHashOf(0), mod: zipHashOf(0) };
    await Promise.all(
      Array.from({ length: RECORDS }, (_, i) => log.append(goSumLines('corp.test/old', `v1.0.${i}`, sums))),
    );
    return { signer, objects: bucket.objects };
  })();
  return begun;
}

class Run {
  private readonly dir: string;
  private readonly world: World;
  private readonly bucket: MemoryBucket;
  private readonly replicas: Replica[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly wrong: string[] = [];
  /** What was ever seen of a version, by anybody. */
  private readonly zips = new Map<string, string>();
  private readonly records = new Map<string, string>();
  /** The newest answer of the origin that a replica has kept. */
  private learned = 0;
  /** The folders of the replicas, by number. */
  private readonly homes: string[] = [];
  private starts = 0;
  private redisOffset = 0;
  /** What has ever happened in this run. */
  private readonly ever = { killed: false, purged: false, jumped: false };

  constructor(dir: string, order: number, { signer, objects }: Begin) {
    this.dir = dir;
    const gaps = new Gaps(order);
    this.bucket = new MemoryBucket(() => gaps.now);
    for (const [key, object] of objects) this.bucket.objects.set(key, object);
    const redis = new MemoryRedis(() => gaps.now + this.redisOffset);
    redis.isAway = gaps.below(2) === 0;
    let generation = 0;
    const askOrigin = () => {
      gaps.advance(1);
      return (generation += 1);
    };
    this.world = { gaps, signer, redis, askOrigin, s3: new MemoryS3(this.bucket), alarms: [] };
  }

  async start(): Promise<void> {
    for (let i = 0; i < REPLICAS; i += 1) this.replicas.push(await this.startReplica(i));
  }

  /** With the folder of an earlier life, or, where that was lost, a new one. */
  private async startReplica(number: number, isNew = true): Promise<Replica> {
    this.starts += 1;
    const home = (isNew ? undefined : this.homes[number]) ?? path.join(this.dir, `home-${this.starts}`);
    this.homes[number] = home;
    await mkdir(home, { recursive: true });
    return new Replica(`${number}.${this.starts}`, home, this.world);
  }

  async take(event: Event): Promise<void> {
    const { gaps, redis } = this.world;
    await gaps.steps(gaps.below(MAX_STEPS));
    switch (event.what) {
      case 'fetch':
      case 'record':
        this.ask(event);
        return;
      case 'storm':
        for (let number = 0; number < REPLICAS; number += 1) {
          this.ask({ what: 'record', replica: number, version: event.version, home: number % 2 });
        }
        return;
      case 'learn':
        this.meanwhile(event.replica, 'learn', async (asked) => {
          this.learned = Math.max(this.learned, await asked.learn());
        });
        return;
      case 'purge':
        this.purge(event);
        return;
      case 'kill':
      case 'lose':
        await this.replace(event.replica, event.what === 'lose');
        return;
      case 'pause':
        this.replicas[event.replica]?.life.pause();
        return;
      case 'resume':
        this.replicas[event.replica]?.life.resume();
        return;
      case 'faults':
        gaps.strike(event.faults);
        return;
      case 'jump':
        this.jump(event.whose, event.ms);
        return;
      case 'flush':
        redis.flush();
        return;
      case 'hour':
        gaps.advance(3_600_000);
        return;
      case 'settle':
        for (const { life } of this.replicas) life.resume();
        await this.settle();
    }
  }

  private async replace(number: number, isNew: boolean): Promise<void> {
    const life = this.replicas[number]?.life;
    if (life !== undefined) life.isKilled = true;
    this.ever.killed = true;
    life?.resume();
    this.replicas[number] = await this.startReplica(number, isNew);
  }

  private jump(whose: number | 'redis', ms: number): void {
    this.ever.jumped = true;
    const life = whose === 'redis' ? undefined : this.replicas[whose]?.life;
    if (life !== undefined) life.clockOffset += ms;
    else if (whose === 'redis') this.redisOffset += ms;
  }

  private purge({ replica, version: index }: Extract<Event, { what: 'purge' }>): void {
    const version = VERSIONS[index];
    if (version === undefined) return;
    this.ever.purged = true;
    this.meanwhile(replica, `purge ${version}`, (asked) => asked.purge(version));
  }

  private ask({ what, replica, version: index, home }: Question): void {
    const version = VERSIONS[index];
    if (version === undefined) return;
    this.meanwhile(replica, `${what} ${version}`, (asked) =>
      what === 'fetch' ? this.fetch(asked, version, home) : this.record(asked, version, home),
    );
  }

  /** Whatever a client of a replica sees, it is what everybody sees; an outage is allowed, as long as something fails. */
  private meanwhile(number: number, what: string, work: (asked: Replica) => Promise<void>): void {
    const asked = this.replicas[number];
    if (asked === undefined) return;
    const done = work(asked).catch((error: unknown) => {
      if (asked.life.isKilled || isStruck(error) || (this.ever.purged && isOfPurge(error))) return;
      this.wrong.push(`${what}: ${textOf(error)}`);
    });
    this.running.add(done);
    void done.finally(() => this.running.delete(done));
  }

  private async fetch(asked: Replica, version: CanonicalVersion, home: number): Promise<void> {
    this.saw(this.zips, version, await asked.zip(version, home));
  }

  private async record(asked: Replica, version: CanonicalVersion, home: number): Promise<void> {
    const { number, hash } = await asked.record(version, home);
    this.saw(this.records, version, `${number} ${hash}`);
  }

  private saw(known: Map<string, string>, version: string, found: string): void {
    const before = known.get(version) ?? found;
    known.set(version, before);
    if (found !== before) this.wrong.push(`${version} was ${before}, and is ${found}`);
  }

  private async settle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** All is well again: everybody sees the same, nothing is lost, and a new replica reads the whole log. */
  async check(): Promise<void> {
    const { gaps } = this.world;
    for (const { life } of this.replicas) life.resume();
    await this.settle();
    gaps.heal();
    const newcomer = await this.startReplica(REPLICAS);
    const all = [...this.replicas, newcomer];
    await this.checkAnswers(newcomer);
    for (const asked of all) await asked.noticePurges();
    for (const version of VERSIONS) await this.checkVersion(version, all);
    for (const asked of [...all, await this.startReplica(REPLICAS + 1)]) {
      const size = (await asked.log()).size();
      if (size !== RECORDS + VERSIONS.length) {
        this.wrong.push(`the log of ${asked.life.name} has ${size} records`);
      }
    }
    for (const asked of all) await asked.retryLists();
    if (this.ever.killed) await newcomer.mendLists();
    const list = this.bucket.objects.get('corp.test/lib/@v/list')?.bytes.toString();
    if (list !== VERSIONS.map((version) => `${version}\n`).join('')) this.wrong.push(`@v/list: ${list}`);
    this.wrong.push(...this.world.alarms.filter((alarm) => alarm.startsWith('damaged')));
    if (this.wrong.length > 0) throw new Error(this.wrong.join('\n'));
  }

  private async checkVersion(version: CanonicalVersion, all: readonly Replica[]): Promise<void> {
    // What was purged comes back as what it was, which one of the two homes has.
    for (const asked of all.slice(0, 1)) {
      for (const home of [1, 0]) {
        await this.fetch(asked, version, home).catch((error: unknown) => {
          if (!this.ever.purged || !isModhavenError(error, 'CHECKSUM_MISMATCH')) throw error;
        });
      }
    }
    for (const asked of all) await this.fetch(asked, version, 1);
    if (this.ever.purged) await all[0]?.completeParts(version);
    for (const asked of all) await this.record(asked, version, 0);
    const home = this.zips.get(version)?.startsWith('zip of home 0') === true ? 0 : 1;
    const { zip, ziphash } = partsOf(version, home);
    const seen = this.zips.get(version);
    if (seen !== `${zip} ${ziphash}`) this.wrong.push(`${version}: ${seen}`);
    const [, hash] = this.records.get(version)?.split(' ') ?? [];
    if (hash !== ziphash) this.wrong.push(`${version}: recorded ${hash}`);
    const key = `corp.test/lib/@v/${version}`;
    const text = (kind: string) => this.bucket.objects.get(`${key}.${kind}`)?.bytes.toString();
    if (text('zip') !== zip || text('ziphash') !== ziphash) {
      this.wrong.push(`the bucket has ${text('zip')} ${text('ziphash')} of ${version}`);
    }
  }

  /** What an origin said later is never replaced by what it said before, and no clock that was wrong stands in the way. */
  private async checkAnswers(newcomer: Replica): Promise<void> {
    const kept = await newcomer.lastAnswer();
    if (!this.ever.jumped && kept < this.learned) {
      this.wrong.push(`the origin said ${this.learned}, and ${kept} is kept`);
    }
    this.world.gaps.advance(2_000);
    const newest = await newcomer.learn();
    const now = await newcomer.lastAnswer();
    if (now !== newest) this.wrong.push(`the origin says ${newest}, and ${now} is kept`);
  }
}

/** What clients see of a version that is purged at that moment, or was. */
function isOfPurge(error: unknown): boolean {
  if (error instanceof Vanished || isModhavenError(error, 'CHECKSUM_MISMATCH')) return true;
  return isModhavenError(error, 'STORAGE') && /(?:removed|purged) while it was/.test(error.message);
}

function textOf(error: unknown): string {
  return `${String(error)} ${isModhavenError(error) ? (error.reason ?? '') : ''}`.trimEnd();
}
