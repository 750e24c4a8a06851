/** What may happen to three replicas, as commands of fast-check, and what has to hold afterwards whatever happened. */
import { mkdir } from 'node:fs/promises';
import type { CanonicalVersion } from '../../src/module/version.js';
import path from 'node:path';
import fc from 'fast-check';
import { ModhavenError } from '../../src/errors.js';
import { createBucketBlobStore } from '../../src/store/bucket/bucket-blob-store.js';
import { BUCKET_FOLDERS } from '../../src/store/bucket/bucket-layout.js';
import { generateKey, parseSignerKey, type Signer } from '../../src/sumdb/format/note.js';
import { goSumLines } from '../../src/sumdb/format/record.js';
import { openLog } from '../../src/sumdb/log/log.js';
import { SharedLog } from '../../src/sumdb/log/shared-log.js';
import { MemoryBucket } from '../support/memory-bucket.js';
import { MemoryRedis } from '../support/memory-redis.js';
import { removeTree, tempDir } from '../support/tmp.js';
import { Gaps, Killed, type Fault } from './gaps.js';
import { DATABASE, Replica, zipHashOf, type World } from './replica.js';

const REPLICAS = 3;
/** So many gaps may be passed between two events. */
const MAX_STEPS = 25;
/** In the log at the start: two versions more are a whole tile of 256. */
const RECORDS = 254;
const VERSIONS: readonly CanonicalVersion[] = ['v1.0.0', 'v1.1.0', 'v1.2.0'];

/** One thing that happens. Questions to replicas go on while the next things happen. */
export type Event =
  | { what: 'fetch' | 'record'; replica: number; version: number; home: number }
  | { what: 'kill' | 'lose' | 'pause' | 'resume'; replica: number }
  | { what: 'storm'; version: number }
  | { what: 'faults'; faults: Fault[] }
  | { what: 'flush' | 'hour' | 'settle' };

const replica = fc.nat(REPLICAS - 1);
const question = fc.record({
  what: fc.constantFrom('fetch' as const, 'record' as const),
  ...{ replica, version: fc.nat(VERSIONS.length - 1), home: fc.nat(1) },
});

const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: question },
    {
      weight: 3,
      arbitrary: fc.record({ what: fc.constant('storm' as const), version: fc.nat(VERSIONS.length - 1) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constantFrom('kill' as const, 'lose' as const, 'pause' as const, 'resume' as const),
        replica,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constant('faults' as const),
        faults: fc.array(fc.constantFrom<Fault>('unsent', 'unheard'), { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        what: fc.constantFrom('flush' as const, 'hour' as const, 'settle' as const),
      }),
    },
  ),
  { minLength: 1, maxLength: 14 },
);

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
  private readonly replicas: Replica[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly wrong: string[] = [];
  /** What was ever seen of a version, by anybody. */
  private readonly zips = new Map<string, string>();
  private readonly records = new Map<string, string>();
  /** The folders of the replicas, by number. */
  private readonly homes: string[] = [];
  private starts = 0;
  private isAnyKilled = false;

  constructor(dir: string, order: number, { signer, objects }: Begin) {
    this.dir = dir;
    const gaps = new Gaps(order);
    const bucket = new MemoryBucket();
    for (const [key, object] of objects) bucket.objects.set(key, object);
    this.world = { gaps, bucket, signer, alarms: [], redis: new MemoryRedis(() => gaps.now) };
    this.world.redis.isAway = gaps.below(2) === 0;
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
        // All at once, from homes that are not of one mind.
        for (let number = 0; number < REPLICAS; number += 1) {
          this.ask({ what: 'record', replica: number, version: event.version, home: number % 2 });
        }
        return;
      case 'kill':
      case 'lose': {
        const life = this.replicas[event.replica]?.life;
        if (life !== undefined) life.isKilled = true;
        this.isAnyKilled = true;
        life?.resume();
        this.replicas[event.replica] = await this.startReplica(event.replica, event.what === 'lose');
        return;
      }
      case 'pause':
        this.replicas[event.replica]?.life.pause();
        return;
      case 'resume':
        this.replicas[event.replica]?.life.resume();
        return;
      case 'faults':
        gaps.strike(event.faults);
        return;
      case 'flush':
        redis.flush();
        return;
      case 'hour':
        gaps.now += 3_600_000;
        return;
      case 'settle':
        for (const { life } of this.replicas) life.resume();
        await this.settle();
    }
  }

  /** Whatever a client of a replica sees, it is what everybody sees; an outage is allowed, as long as something fails. */
  private ask({ what, replica: number, version: index, home }: Event & { what: 'fetch' | 'record' }): void {
    const asked = this.replicas[number];
    const version = VERSIONS[index];
    if (asked === undefined || version === undefined) return;
    const work = what === 'fetch' ? this.fetch(asked, version, home) : this.record(asked, version, home);
    const done = work.catch((error: unknown) => {
      if (error instanceof Killed || asked.life.isKilled) return;
      if (error instanceof ModhavenError && error.message.includes('broke off')) return;
      this.wrong.push(`${what} ${version}: ${String(error)} ${(error as ModhavenError).reason ?? ''}`);
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
    const { gaps, bucket } = this.world;
    for (const { life } of this.replicas) life.resume();
    await this.settle();
    gaps.heal();
    const newcomer = await this.startReplica(REPLICAS);
    const all = [...this.replicas, newcomer];
    for (const version of VERSIONS) {
      for (const asked of all) await this.fetch(asked, version, 1);
      for (const asked of all) await this.record(asked, version, 0);
      const zip = this.zips.get(version) ?? '';
      const [, hash = ''] = this.records.get(version)?.split(' ') ?? [];
      const home = zip.startsWith('zip of home 0') ? 0 : 1;
      if (zip !== `zip of home ${home} ${zipHashOf(home)}`) this.wrong.push(`${version}: ${zip}`);
      if (hash !== zipHashOf(home)) this.wrong.push(`${version}: recorded ${hash}`);
    }
    for (const asked of [...all, await this.startReplica(REPLICAS + 1)]) {
      const size = (await asked.log()).size();
      if (size !== RECORDS + VERSIONS.length) {
        this.wrong.push(`the log of ${asked.life.name} has ${size} records`);
      }
    }
    for (const asked of all) await asked.retryLists();
    if (this.isAnyKilled) await newcomer.mendLists();
    const list = bucket.objects.get('corp.test/lib/@v/list')?.bytes.toString();
    if (list !== VERSIONS.map((version) => `${version}\n`).join('')) this.wrong.push(`@v/list: ${list}`);
    const damaged = this.world.alarms.filter((alarm) => alarm.startsWith('damaged'));
    if (this.wrong.length + damaged.length > 0) throw new Error([...this.wrong, ...damaged].join('\n'));
  }
}
