/**
 * Modules out of git repositories: which repository a module is in, at which commit a version is, and what is in it.
 *
 * A module may be in one of several repositories. What is not found in any of them is a fact only if all of them could
 * be asked.
 */
import type { Logger } from 'pino';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { ModhavenError, isModhavenError, isNotExist, type ErrorCode } from '../errors.js';
import { synthesizeGoMod } from '../module/go-mod.js';
import type { CanonicalVersion } from '../module/version.js';
import { encodeInfo, type Info } from '../module/info.js';
import { parseCommitHash, type CommitHash } from '../module/commit-hash.js';
import type { ModulePath } from '../module/module-path.js';
import type { RepoUrl } from '../module/repo-url.js';
import * as semver from '../module/semver.js';
import { measure } from '../observe/observe.js';
import type { RepoRoot } from '../vanity/rule.js';
import { RefsChanged, asLocalFailure } from '../vcs/refs-changed.js';
import type { CodeHost, CodeRepo, Need } from '../vcs/types.js';
import { AliasCheck } from './alias-check.js';
import { codeModule, type CodeModule, type VersionInfo } from './code-module.js';
import type { ModuleFiles } from './zip/choice.js';
import { writeModuleZip } from './zip/module-zip.js';
import { choosesVersion, chooseVersion } from './query.js';
import type {
  ModuleSource,
  SourceInfo,
  SourceList,
  SourceMod,
  SourceZip,
  FoundOnTheWay,
  ZipTarget,
} from './repo.js';

export interface GitSourceOptions {
  roots: { find(path: string): Promise<Pick<RepoRoot, 'root' | 'repos' | 'subdir'>> };
  host: CodeHost;
  /** How old refs may be, in milliseconds (`refresh`). */
  refreshMs: () => number;
  log?: Pick<Logger, 'info'>;
  /** Called with each repository in which something was found for a module. */
  onRepo?: (module: ModulePath, remote: RepoUrl, repo: CodeRepo) => void;
}

/** Looks at a module in one of its repositories; is run again where that helps. `others` is how many more there are. */
type Work<T> = (module: CodeModule, repo: CodeRepo, others: number) => Promise<T>;

type Root = Pick<RepoRoot, 'root' | 'subdir'>;

/** What is looked for in the repositories of a module. */
interface RepositoryLookup {
  path: ModulePath;
  /** What a failure is about, for messages. */
  subject: string;
  /** What is worth fetching together with a commit. */
  need: Need;
  /** Whether refs are asked for again when nothing was found and they are from before the lookup. */
  refetch: boolean;
}

/** How often a lookup is repeated in a repository whose refs change under it. */
const MAX_ATTEMPTS = 3;

export class GitSource implements ModuleSource {
  private readonly options: GitSourceOptions;
  private readonly aliases: AliasCheck;

  constructor(options: GitSourceOptions) {
    this.options = options;
    this.aliases = new AliasCheck(options);
  }

  /** The versions that any of the repositories of a module has; where some cannot be asked now, it says so. */
  async list(path: ModulePath): Promise<SourceList> {
    const { repos, ...root } = await this.options.roots.find(path);
    const lookup: RepositoryLookup = { path, subject: path, need: 'trees', refetch: false };
    const answers = await Promise.allSettled(
      repos.map((remote) =>
        this.inRepo(remote, root, lookup, (module, repo) => this.listVersions(module, repo), 0),
      ),
    );
    const lists = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const [first, ...others] = lists;
    const failures = answers.flatMap(failureOf);
    if (first === undefined) throw describe(path, mostTelling(failures));
    const isPartial = failures.some((failure) => !isNotExist(failure));
    if (others.length === 0 && !isPartial) return first;
    return {
      isPartial,
      versions: semver.sortVersions([...new Set(lists.flatMap(({ versions }) => versions))]),
      asOf: Math.min(...lists.map(({ asOf }) => asOf)),
    };
  }

  async info(path: ModulePath, query: string): Promise<SourceInfo> {
    const chooses = choosesVersion(query);
    // What chooses among versions may be as old as a list; a name that is not there may have been pushed just now.
    const lookup: RepositoryLookup = { path, subject: `${path}@${query}`, need: 'trees', refetch: !chooses };
    return this.inModule(lookup, async (module, repo) => {
      const found = chooses ? await chooseVersion(module, query) : await module.stat(query);
      await this.aliases.checkFound(module, repo, found);
      return {
        version: found.version,
        info: encodeInfo(found.version, found.time, found.origin),
        asOf: repo.asOf,
        byName: () => this.infoByName(module, found.version),
      };
    });
  }

  async mod(path: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceMod> {
    const lookup: RepositoryLookup = { path, subject: `${path}@${version}`, need: 'trees', refetch: true };
    return this.inModule(lookup, async (module, repo) => {
      const { commit, ...found } = await atCommit(module, repo, version, pinned);
      const { goMod } = await module.findRoot(version, commit);
      await this.aliases.check(path, repo, goMod);
      return { ...found, mod: goMod ?? synthesizeGoMod(path) };
    });
  }

  /** The commit is brought with its files; the zip is made of them when it is delivered. */
  async zip(path: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceZip> {
    const subject = `${path}@${version}`;
    const lookup: RepositoryLookup = { path, subject, need: 'files', refetch: true };
    return this.inModule(lookup, async (module, repo, others) => {
      const { commit, ...found } = await atCommit(module, repo, version, pinned);
      const { directory, goMod } = await module.findRoot(version, commit);
      await this.aliases.check(path, repo, goMod);
      return {
        ...found,
        mod: goMod ?? synthesizeGoMod(path),
        deliver: (target) =>
          deliverZip({ repo, commit, directory, name: subject }, target).catch(async (error: unknown) => {
            if (!mayBeHadElsewhere(error, others)) throw describe(subject, error);
            await this.deliverAnew(lookup, version, commit, target);
          }),
      };
    });
  }

  private async listVersions(module: CodeModule, repo: CodeRepo): Promise<SourceList> {
    const { list } = await module.versions();
    // No versions: then the head of the default branch says whether there is a module at all.
    const newest = list.at(-1);
    if (newest === undefined) {
      await this.aliases.checkFound(module, repo, await module.latest());
    } else if (repo.spelling.number > 0) {
      await this.aliases.checkFound(module, repo, await module.stat(newest));
    }
    return { versions: list, asOf: repo.asOf };
  }

  /** Makes the zip of `commit` out of the first repository that can, opened anew. */
  private async deliverAnew(
    lookup: RepositoryLookup,
    version: string,
    commit: CommitHash,
    target: ZipTarget,
  ): Promise<void> {
    await this.inModule(lookup, async (module, repo) => {
      await ensureCommit(repo, commit, version);
      const { directory } = await module.findRoot(version, commit);
      await deliverZip({ repo, commit, directory, name: lookup.subject }, target);
    });
  }

  /** The `.info` of `version` by this name, from the refs that `module` was opened with. */
  private async infoByName(module: CodeModule, version: string): Promise<Buffer> {
    const subject = `${module.path}@${version}`;
    try {
      const found = checkName(await module.stat(version), version);
      return encodeInfo(found.version, found.time, found.origin);
    } catch (error) {
      if (!(error instanceof RefsChanged)) throw describe(subject, error);
      return (await this.info(module.path, version)).info;
    }
  }

  /** Runs `work` on the module in the first of its repositories that can answer. */
  private async inModule<T>(lookup: RepositoryLookup, work: Work<T>): Promise<T> {
    const { path, subject } = lookup;
    const { repos, ...root } = await this.options.roots.find(path);
    const failures: unknown[] = [];
    for (const remote of repos) {
      try {
        const result = await this.inRepo(remote, root, lookup, work, repos.length - 1 - failures.length);
        if (repos.length > 1) {
          this.options.log?.info(
            { module: path, repository: remote.url },
            'answered by one of several repositories',
          );
        }
        return result;
      } catch (error) {
        failures.push(error);
      }
    }
    throw describe(subject, mostTelling(failures));
  }

  private async inRepo<T>(
    remote: RepoUrl,
    { root, subdir }: Root,
    { path, need, refetch }: RepositoryLookup,
    work: Work<T>,
    others: number,
  ): Promise<T> {
    const { host, refreshMs, onRepo } = this.options;
    const askedAt = monotonicNow();
    for (let maxAge = refreshMs(), attempt = 1; ; maxAge = 0, attempt += 1) {
      let asOf = askedAt;
      try {
        return await measure({ type: 'repository', module: path, repository: remote.url }, async () => {
          const repo = await host.open(remote, maxAge, need);
          asOf = repo.asOf;
          const result = await work(codeModule({ path, root, subdir, repo }), repo, others);
          onRepo?.(path, remote, repo); // now it is known to be a module, and not a path that somebody made up
          return result;
        });
      } catch (error) {
        const isOutdated = error instanceof RefsChanged || (refetch && isNotExist(error) && asOf < askedAt);
        if (!isOutdated || attempt >= MAX_ATTEMPTS) throw asLocalFailure(error, remote.url);
      }
    }
  }
}

/** Makes a zip, of what has changed since another version where that can be. */
function deliverZip(files: ModuleFiles, target: ZipTarget): Promise<void> {
  const { earlier } = target;
  return target.put((sink) => writeModuleZip({ ...files, ...(earlier && { earlier }) }, sink));
}

/** The commit of a version, ready to be read: the pinned one, else the one that the repository has under this name now. */
async function atCommit(
  module: CodeModule,
  repo: CodeRepo,
  version: string,
  pinned: Info | undefined,
): Promise<FoundOnTheWay & { commit: CommitHash }> {
  // An .info that came from an upstream, before a rule made the module private, may name no commit, or no hash of one.
  const commit = parseCommitHash(pinned?.Origin?.Hash);
  if (commit !== undefined) {
    await ensureCommit(repo, commit, version);
    return { commit };
  }
  const found = checkName(await module.stat(version), version);
  return pinned === undefined
    ? { commit: found.commit, info: encodeInfo(found.version, found.time, found.origin) }
    : { commit: found.commit };
}

/** `found`, if it is the version that was asked for. */
function checkName(found: VersionInfo, version: string): VersionInfo {
  if (found.version === version) return found;
  throw new ModhavenError('VERSION_NOT_FOUND', `this commit is ${found.version}`);
}

async function ensureCommit(repo: CodeRepo, commit: CommitHash, version: string): Promise<void> {
  try {
    await repo.ensureCommit(commit);
  } catch (error) {
    if (!isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
    throw new ModhavenError('VERSION_GONE', `${version} was commit ${commit.slice(0, 12)}, which is gone`, {
      reason: `no branch or tag of ${repo.url} leads to it any more: the tag was moved or the history rewritten`,
      remedy: 'restore the commit (push it under a branch or tag), or release a new version',
      cause: error,
    });
  }
}

/** Whether a zip that failed under way is worth another try: with new refs, or in one of the `others`. */
function mayBeHadElsewhere(error: unknown, others: number): boolean {
  if (error instanceof RefsChanged) return true;
  return others > 0 && isModhavenError(error, 'HOST_UNREACHABLE', 'HOST_TIMEOUT', 'HOST_REFUSED');
}

function failureOf(answer: PromiseSettledResult<unknown>): unknown[] {
  return answer.status === 'rejected' ? [answer.reason] : [];
}

/** An outage before a fact: what could not be asked everywhere is not known to be absent. */
function mostTelling(failures: unknown[]): unknown {
  return failures.find((failure) => !isNotExist(failure)) ?? failures[0];
}

const FACT_WORD: Partial<Record<ErrorCode, string>> = {
  MODULE_NOT_FOUND: 'not found: ',
  VERSION_NOT_FOUND: 'not found: ',
  REPO_NOT_FOUND: 'not found: ',
  VERSION_GONE: 'gone: ',
  MODULE_INVALID: 'invalid: ',
};

/** The error with what it was about in front: `go` shows only this text. */
function describe(subject: string, error: unknown): unknown {
  if (!isModhavenError(error) || error.message.includes(`${subject}:`)) return error;
  const { code, message, reason, remedy, remedyBy } = error;
  return new ModhavenError(code, `${FACT_WORD[code] ?? ''}${subject}: ${message}`, {
    reason,
    remedy,
    remedyBy,
    cause: error,
  });
}
