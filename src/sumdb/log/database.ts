/**
 * Our own checksum database: the protocol of sum.golang.org (package golang.org/x/mod/sumdb, "Server") over our log.
 *
 * The first lookup of a version records it: its go.mod and zip are made sure to be in the store, their hashes are taken,
 * those of a public module compared with what the public database has proved for it, and only then they enter the log.
 * From then on the record is what counts.
 */
import type { Logger } from 'pino';
import type { DiskWatch } from '../../fs/disk-watch.js';
import { ModhavenError } from '../../errors.js';
import { goModHash, isHash1 } from '../../module/files/dirhash.js';
import type { ModulePath } from '../../module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../../module/version.js';
import { createSingleflight } from '../../concurrency/singleflight.js';
import type { Modules } from '../../modfetch/repo.js';
import type { SumdbAnswer } from '../databases.js';
import { differenceError } from './guarded-store.js';
import type { ChecksumLog } from './log.js';
import { formatRecord, goSumLines, sumsIn, type GoSums } from '../format/record.js';
import { parseSumdbRequest } from '../format/request.js';
import { tilePath, type Tile } from '../format/tile.js';

export interface DatabaseOptions {
  name: string;
  log: () => Promise<ChecksumLog>;
  modules: Pick<Modules, 'list' | 'mod' | 'zip'>;
  isPrivate: (module: string) => boolean;
  /** What the public checksum database has proved of a version. Throws what a module service throws. */
  publicSums: (module: ModulePath, version: CanonicalVersion) => Promise<GoSums>;
  /** The disk that records are written to. What needs none is answered while it hangs. */
  disk: Pick<DiskWatch, 'run'>;
  logger: Pick<Logger, 'info' | 'error'>;
}

export interface Database {
  readonly name: string;
  /** Answers as `ChecksumDatabases` does. */
  get(path: string, isAnonymous?: boolean): Promise<SumdbAnswer>;
}

export function createDatabase(options: DatabaseOptions): Database {
  return new RecordingDatabase(options);
}

class RecordingDatabase implements Database {
  readonly name: string;
  private readonly options: DatabaseOptions;
  private readonly flights = createSingleflight();

  constructor(options: DatabaseOptions) {
    this.name = options.name;
    this.options = options;
  }

  async get(path: string, isAnonymous = false): Promise<SumdbAnswer> {
    const request = parseSumdbRequest(path);
    switch (request.kind) {
      case 'supported':
        return { body: Buffer.alloc(0), hit: true, immutable: false };
      case 'latest':
        return this.latest();
      case 'tile':
        return this.tile(request.tile);
      case 'lookup':
        return this.lookup(request.module, request.version, isAnonymous);
    }
  }

  private async latest(): Promise<SumdbAnswer> {
    const log = await this.options.log();
    // What is known is true, if perhaps not the newest: it is not withheld because of an outage.
    await log.refresh().catch(() => undefined);
    return { body: log.head().note, hit: true, immutable: false };
  }

  private async lookup(module: ModulePath, version: string, isAnonymous: boolean): Promise<SumdbAnswer> {
    const subject = `${module}@${version}`;
    if (!isCanonicalVersion(version)) {
      throw new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject}: version is not canonical`);
    }
    const log = await this.options.log();
    if (log.find(module, version) === undefined) await log.refresh();
    const known = log.find(module, version);
    if (known === undefined && isAnonymous) await this.checkListed(module, version);
    const entered = () => this.flights.run(subject, () => this.enter(module, version));
    const number = known ?? (await this.options.disk.run(entered));
    const record = Buffer.from(formatRecord(number, await log.record(number)));
    const body = Buffer.concat([record, log.head().note]);
    return { body, hit: known !== undefined, immutable: false };
  }

  /** A commit has as many names as tags before it, and a record stays for ever: callers without a login get only what is released. */
  private async checkListed(module: ModulePath, version: CanonicalVersion): Promise<void> {
    const { value: versions } = await this.options.modules.list(module);
    if (versions.includes(version)) return;
    const message = `unauthorized: ${module}@${version} is not recorded in the checksum database`;
    throw new ModhavenError('LOGIN_NEEDED', message, {
      reason:
        'its repository does not list it, and a record stays for ever: it takes a login to have one made',
      remedy: 'put a login for this proxy into ~/.netrc, as for its private modules',
    });
  }

  /** Records a version. Answers with the number of its record. */
  private async enter(module: ModulePath, version: CanonicalVersion): Promise<number> {
    const sums = await this.sumsOf(module, version);
    if (!this.options.isPrivate(module)) await this.compareWithPublic(module, version, sums);
    const log = await this.options.log();
    const number = await log.append(goSumLines(module, version, sums));
    // Another process may have been faster; what it found is what counts, and was different only if something is wrong.
    const recorded = sumsIn(await log.record(number), module, version);
    for (const part of ['zip', 'mod'] as const) {
      if (recorded?.[part] !== sums[part]) {
        throw differenceError(
          { module, version, part },
          {
            reason: `recorded ${recorded?.[part] ?? 'nothing'}, stored ${sums[part]}`,
            remedy: 'another modhaven recorded this version: compare their stores with modhaven verify',
          },
        );
      }
    }
    this.options.logger.info(
      { module, version, record: number, ...sums },
      'recorded in the checksum database',
    );
    return number;
  }

  /** The hashes of what is served of a version. */
  private async sumsOf(module: ModulePath, version: CanonicalVersion): Promise<GoSums> {
    const { hash: zip } = await (await this.options.modules.zip(module, version)).stored();
    const { value: mod } = await this.options.modules.mod(module, version);
    if (!isHash1(zip)) {
      throw new ModhavenError('STORAGE', `what is stored of ${module}@${version} is incomplete`, {
        reason: 'its .ziphash file is damaged',
        remedy: 'run "modhaven verify" on the server',
        remedyBy: 'admin',
      });
    }
    return { zip, mod: goModHash(mod) };
  }

  /** What was fetched must be what everybody gets, or it is refused and not recorded. */
  private async compareWithPublic(
    module: ModulePath,
    version: CanonicalVersion,
    sums: GoSums,
  ): Promise<void> {
    const proved = await this.options.publicSums(module, version);
    for (const part of ['zip', 'mod'] as const) {
      if (proved[part] === sums[part]) continue;
      this.options.logger.error(
        { module, version, part, public: proved[part], stored: sums[part] },
        'a public module is not what the public checksum database has: it was not recorded',
      );
      throw differenceError(
        { module, version, part },
        {
          reason: `the public database has ${proved[part]}, stored is ${sums[part]}`,
          remedy: 'find out who changed it; remove this version from the cache so that it is fetched anew',
        },
      );
    }
  }

  private async tile(wanted: Tile): Promise<SumdbAnswer> {
    const log = await this.options.log();
    let body = await log.tile(wanted);
    if (body === undefined) {
      // The client may know a tree that another replica has just signed.
      await log.refresh({ misses: true });
      body = await log.tile(wanted);
    }
    if (body === undefined) {
      throw new ModhavenError('VERSION_NOT_FOUND', `not found: the tree has no ${tilePath(wanted)} (yet)`);
    }
    return { body, hit: true, immutable: true };
  }
}
