/**
 * A source of modules with a store in front of it: the only place that asks whether something is stored, shares one
 * question to the source among all callers that wait for it, obeys "only from the cache", and stores what comes.
 *
 * What is stored never changes and never touches the source again. What the store holds in the end is the answer, not
 * what was fetched: another process may have been faster, and there must be one answer.
 */
import type { Logger } from 'pino';
import { isFinalAnswer, isNotExist } from '../errors.js';
import { NO_LEASE, type Lease, type LeaseKey } from '../concurrency/lease.js';
import { createSingleflight } from '../concurrency/singleflight.js';
import { measure } from '../observe/observe.js';
import { escapePath, hasEscapedForm } from '../module/escaping.js';
import { decodeInfo, type Info } from '../module/info.js';
import type { ModulePath } from '../module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import { putBytes, storedName, type Part, type VersionStore } from '../store/version-store.js';
import { KnownAbsence } from './known-absence.js';
import type { LastAnswers } from './last-answers.js';
import { Refusals } from './refusals.js';
import type {
  Fetched,
  FetchOptions,
  FoundOnTheWay,
  Modules,
  ModuleSource,
  ModuleZip,
  SourceInfo,
  StoredZip,
} from './repo.js';
import type { DatedAnswer } from './stale-cache.js';
import {
  ZipFlight,
  checkMod,
  keepPart,
  logBreaks,
  openStoredZip,
  storedZip,
  storeZip,
  type BegunZip,
} from './stored-zip.js';
import {
  answerOfList,
  cachedLatest,
  cachedList,
  checkCanonical,
  latestInList,
  notCached,
  versionsOf,
} from './stored-versions.js';

export interface CachedOptions {
  log: Pick<Logger, 'warn'>;
  /** Keeps answers that may change; absent: each is the source's to give. */
  lastAnswers?: LastAnswers;
  /**
   * Whether a list and `@latest` are computed from the store where the source fails and no answer is known. Not for
   * private modules: the store has the versions that were asked for, and `go` would silently go back to one of them.
   */
  orStored?: boolean;
  /** Whether each part may come from another server: then the parts are checked against each other. */
  areApart?: boolean;
  /** Spares fetches that another replica has begun. Default: none. */
  lease?: Lease;
  /** Whether the source reads the store itself: then it is asked also where fetching is forbidden. */
  isLocal?: boolean;
}

const FETCH: FetchOptions = { onlyCached: false };

export class CachedModules implements Modules {
  private readonly source: ModuleSource;
  private readonly store: VersionStore;
  private readonly options: CachedOptions;
  private readonly flights = createSingleflight((key, flight) => measure({ type: 'wait', key }, flight));
  private readonly zips = new Map<string, ZipFlight>();
  private readonly refusals = new Refusals();
  private readonly absence = new KnownAbsence();
  /** Small parts on their way into the store: several flights of a version bring the same. */
  private readonly keeping = createSingleflight();
  /** A question from before the last announced change may have missed it. */
  private generation = 0;

  constructor(source: ModuleSource, store: VersionStore, options: CachedOptions) {
    this.source = source;
    this.store = store;
    this.options = options;
  }

  /** What may change has changed (a push, new refs): callers from now on get answers from after this call. */
  changed(): void {
    this.generation += 1;
    this.refusals.changed();
    this.options.lastAnswers?.changed();
  }

  /** The rules have changed. */
  rulesChanged(): void {
    this.changed();
    this.refusals.forget();
  }

  async list(module: ModulePath, { onlyCached } = FETCH): Promise<Fetched<CanonicalVersion[]>> {
    if (this.isForbidden(onlyCached)) {
      return { value: await cachedList(this.store, module), fromCache: true, immutable: false };
    }
    const path = listPath(module);
    const lastKnown = () => this.options.lastAnswers?.known(path);
    const answer = this.changing(path, async () => answerOfList(await this.source.list(module), lastKnown));
    const list = answer.then(async (found) => ({ ...found, value: await versionsOf(found.value) }));
    return this.orElse(path, list, async () => ({
      value: await this.allowedStored(() => cachedList(this.store, module, true)),
    }));
  }

  async info(module: ModulePath, query: string, options = FETCH): Promise<Fetched<Buffer>> {
    if (isCanonicalVersion(query)) return this.versionInfo(module, query, options);
    const { onlyCached } = options;
    const isLatest = query === 'latest';
    if (this.isForbidden(onlyCached)) {
      if (!isLatest) throw notCached(`${module}@${query}`);
      return { value: await cachedLatest(this.store, module), fromCache: true, immutable: false };
    }
    const ask = async () => {
      const found = await this.source.info(module, query);
      await this.pin(module, found);
      return { bytes: found.info, asOf: found.asOf };
    };
    if (isLatest) {
      const path = `${escapePath(module)}/@latest`;
      return this.orElse(path, this.changing(path, ask), () => this.latestWithoutOrigin(module));
    }
    const hasPath = hasEscapedForm(query);
    const path = hasPath ? storedName({ module, version: query, kind: 'info' }) : `${module}@${query}`;
    return this.changing(path, () => this.refusals.remember(path, ask), hasPath);
  }

  async mod(module: ModulePath, version: string, options = FETCH): Promise<Fetched<Buffer>> {
    checkCanonical(module, version);
    const part: Part = { module, version, kind: 'mod' };
    return this.once(part, options.onlyCached, async () => {
      const stored = await this.storedUnlessAbsent(part, options);
      if (stored !== undefined) return stored;
      return this.leased(part, async () => {
        const value = await this.atPin(
          part,
          (pinned) => this.source.mod(module, version, pinned),
          async ({ mod }) => {
            if (this.options.areApart === true) await checkMod(this.store, part, mod);
            return this.keep(part, mod);
          },
        );
        return { value, fromCache: false, immutable: true };
      });
    });
  }

  async zip(module: ModulePath, version: string, options = FETCH): Promise<ModuleZip> {
    checkCanonical(module, version);
    const part: Part = { module, version, kind: 'zip' };
    if (this.isForbidden(options.onlyCached)) {
      const stored = await storedZip(this.store, part);
      if (stored === undefined) throw notCached(`${module}@${version} (.zip)`);
      return { fromCache: true, stored: () => Promise.resolve(stored) };
    }
    const key = storedName(part);
    for (let running = this.zips.get(key); running !== undefined; running = this.zips.get(key)) {
      try {
        const { begun } = running;
        return await measure({ type: 'wait', key }, () => begun);
      } catch (error) {
        // A zip is not fetched twice at a time; but what was absent before a change may be there now.
        if (!isNotExist(error) || running.generation === this.generation) throw error;
        if (this.zips.get(key) === running) this.zips.delete(key);
      }
    }
    const isAbsent = this.absence.holds(part, options);
    const flight = new ZipFlight(this.generation, (begin) => this.fetchZip(part, begin, isAbsent));
    this.zips.set(key, flight);
    flight.onEnd(() => {
      this.absence.fetched(part);
      if (this.zips.get(key) === flight) this.zips.delete(key);
    });
    return flight.begun;
  }

  /** The `.info` of a canonical version. */
  private versionInfo(
    module: ModulePath,
    version: CanonicalVersion,
    options: FetchOptions,
  ): Promise<Fetched<Buffer>> {
    const part: Part = { module, version, kind: 'info' };
    return this.once(part, options.onlyCached, async () => {
      const stored = await this.storedUnlessAbsent(part, options);
      return stored ?? this.leased(part, () => this.fetchInfo(part));
    });
  }

  private async fetchInfo(part: Part): Promise<Fetched<Buffer>> {
    const { module, version } = part;
    const found = await this.refusals.remember(storedName(part), () => this.source.info(module, version));
    if (found.version === version) {
      return { value: await this.keep(part, found.info), fromCache: false, immutable: true };
    }
    // `v2.0.0` of a repository without go.mod is `v2.0.0+incompatible`.
    await this.pin(module, found);
    return { value: found.info, fromCache: false, immutable: false, fetchedAt: found.asOf };
  }

  /** What `fetch` gets, or what another replica has stored of a small part meanwhile. */
  private leased(part: Part, fetch: () => Promise<Fetched<Buffer>>): Promise<Fetched<Buffer>> {
    const { lease = NO_LEASE } = this.options;
    return lease.run(leaseKey(part), () => this.storedText(part, false), fetch);
  }

  /** Stores the `.info` of a version that was found by another name, and with it its commit. */
  private async pin(module: ModulePath, { version, byName }: SourceInfo): Promise<void> {
    if (byName === undefined) return;
    const part: Part = { module, version, kind: 'info' };
    if ((await this.store.size(part)) === undefined) await putBytes(this.store, part, await byName());
  }

  /**
   * What `use` makes of what `ask` gets of the commit that the version of `part` is pinned to. The first answer pins it;
   * where another process has pinned it to another commit meanwhile, that one is asked for.
   */
  private atPin<T extends FoundOnTheWay, R>(
    part: Part,
    ask: (pinned: Info | undefined) => Promise<T>,
    use: (found: T) => Promise<R>,
  ): Promise<R> {
    const info: Part = { ...part, kind: 'info' };
    const question = storedName(part);
    const atCommit = (pinned: Info | undefined, work: () => Promise<R>): Promise<R> => {
      const commit = pinned?.Origin?.Hash;
      return commit === undefined ? work() : this.refusals.rememberInvalid(`${question} ${commit}`, work);
    };
    return this.refusals.remember(question, async () => {
      const stored = await this.store.read(info);
      if (stored !== undefined) {
        const pinned = decodeInfo(stored);
        return atCommit(pinned, async () => use(await ask(pinned)));
      }
      const found = await ask(undefined);
      if (found.info === undefined) return use(found);
      const pinned = decodeInfo(await this.keep(info, found.info));
      const isSame = pinned.Origin?.Hash === decodeInfo(found.info).Origin?.Hash;
      return atCommit(pinned, async () => use(isSame ? found : await ask(pinned)));
    });
  }

  private async fetchZip(zip: Part, begin: (zip: BegunZip) => void, isAbsent: boolean): Promise<StoredZip> {
    const find = async (): Promise<StoredZip | undefined> => {
      const stored = await storedZip(this.store, zip);
      if (stored !== undefined) begin({ fromCache: true });
      return stored;
    };
    const { module, version } = zip;
    const fetch = async (): Promise<StoredZip> => {
      await this.atPin(
        zip,
        (pinned) => this.source.zip(module, version, pinned),
        async (found) => {
          begin({
            fromCache: false,
            ...(found.follow && { follow: logBreaks(this.options.log, zip, found.follow) }),
          });
          await storeZip(this.store, zip, found, (part, mod) => this.keep(part, mod));
        },
      );
      return openStoredZip(this.store, zip);
    };
    const { lease = NO_LEASE } = this.options;
    const stored = isAbsent ? undefined : await find();
    return stored ?? lease.run(leaseKey(zip), find, fetch);
  }

  /** A part that is stored; undefined if it is not and may be fetched. */
  private async storedText(part: Part, onlyCached: boolean): Promise<Fetched<Buffer> | undefined> {
    const value = await this.store.read(part);
    if (value !== undefined) return { value, fromCache: true, immutable: true };
    if (!this.isForbidden(onlyCached)) return undefined;
    const { module, version, kind } = part;
    throw notCached(kind === 'info' ? `${module}@${version}` : `${module}@${version} (.${kind})`);
  }

  /** The same, but the store is not asked where the caller has just done so. */
  private async storedUnlessAbsent(part: Part, options: FetchOptions): Promise<Fetched<Buffer> | undefined> {
    return this.absence.holds(part, options) ? undefined : this.storedText(part, options.onlyCached);
  }

  /** What is stored of a small part in the end. */
  private keep(part: Part, bytes: Buffer): Promise<Buffer> {
    return this.keeping.run(storedName(part), () => keepPart(this.store, part, bytes));
  }

  private isForbidden(onlyCached: boolean): boolean {
    return onlyCached && this.options.isLocal !== true;
  }

  /** One flight for a part, however many callers; one from before a change is not joined. */
  private once<T>(part: Part, onlyCached: boolean, work: () => Promise<T>): Promise<T> {
    if (this.isForbidden(onlyCached)) return work();
    return this.flights.run(`${this.generation} ${storedName(part)}`, () =>
      work().finally(() => this.absence.fetched(part)),
    );
  }

  /** An answer that may change. `path` is that of the GOPROXY protocol, or, where there is none, another name for it. */
  private changing(path: string, ask: () => Promise<DatedAnswer>, hasPath = true): Promise<Fetched<Buffer>> {
    const { lastAnswers, isLocal = false } = this.options;
    if (hasPath && lastAnswers !== undefined) return lastAnswers.get(path, ask);
    return this.flights.run(`${this.generation} ${path}`, async () => {
      const { bytes, asOf, isStale = false } = await ask();
      const stale = isStale && { stale: true };
      return { value: bytes, fromCache: isLocal, immutable: false, fetchedAt: asOf, ...stale };
    });
  }

  /** What else is known where the origin fails and nothing is known of its answer. */
  private async orElse<T>(
    path: string,
    answer: Promise<Fetched<T>>,
    known: () => Promise<{ value: T; fetchedAt?: number }>,
  ): Promise<Fetched<T>> {
    try {
      return await answer;
    } catch (error) {
      if (isFinalAnswer(error)) throw error;
      const found = await known().catch(() => {
        throw error;
      });
      this.options.lastAnswers?.logStale(path, error, found.fetchedAt);
      return { ...found, fromCache: true, immutable: false, stale: true };
    }
  }

  private allowedStored<T>(stored: () => Promise<T>): Promise<T> {
    return this.options.orStored === true ? stored() : Promise.reject(new Error('the store is not a list'));
  }

  /** `@latest` by the last list; else, if that is allowed, by what is stored. */
  private async latestWithoutOrigin(module: ModulePath): Promise<{ value: Buffer; fetchedAt?: number }> {
    const list = await this.options.lastAnswers?.known(listPath(module));
    if (list !== undefined) {
      const info = await latestInList(this.store, module, await versionsOf(list.bytes));
      if (info !== undefined) return { value: info, fetchedAt: list.asOf };
    }
    return { value: await this.allowedStored(() => cachedLatest(this.store, module, true)) };
  }
}

function listPath(module: ModulePath): string {
  return `${escapePath(module)}/@v/list`;
}

/** The parts of one version are fetched by one replica: the first is on the way to the others. */
function leaseKey(part: Part): LeaseKey {
  return { name: storedName(part), group: `${escapePath(part.module)}@${part.version}` };
}
