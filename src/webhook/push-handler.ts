/**
 * What a push sets in motion: the repositories that vanity.yaml names by it are asked for their refs, and if that is
 * wanted, pushed tags are made complete in the store. The answer to the git host waits for neither, but readers who come
 * after it wait for the new refs.
 *
 * The addresses in a payload only choose among the repositories of the rules; nothing ever connects to them.
 */
import type { Logger } from 'pino';
import { errorMessage, isModhavenError, isNotExist } from '../errors.js';
import { isSameRepo, repoName, repoPaths } from '../vanity/repo-identity.js';
import { parseRepoUrl, repoKey, type RepoUrl } from '../module/repo-url.js';
import { redactLine } from '../redact.js';
import { rulesOfRepo, type RuleRepo, type WantedRepo } from '../vanity/reverse-match.js';
import type { RepoRoot } from '../vanity/rule.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import type { CodeHost } from '../vcs/types.js';
import type { Modules } from '../modfetch/repo.js';
import { versionsOfTag, type TaggedVersion } from '../modfetch/repository/tag-modules.js';
import { isDeleted, type Push } from './payload.js';

export interface PushHandlerOptions {
  vanity: () => VanityMap;
  host: Pick<CodeHost, 'refresh'>;
  modules: Pick<Modules, 'info' | 'mod' | 'zip'>;
  /** Whether pushed tags are fetched at once. */
  prefetch: () => boolean;
  /** Told of each push that matches a rule, before it is handled. */
  onPush?: (push: Push) => void;
  log: Pick<Logger, 'info' | 'warn'>;
}

export interface PushOutcome {
  /** Whether any rule names the repository. */
  matched: boolean;
  /** One line for the git host's list of deliveries. */
  text: string;
}

export class PushHandler {
  private readonly options: PushHandlerOptions;
  private readonly running = new Set<Promise<void>>();
  /** By repository, the prefetch that is running or waiting last: one at a time each. */
  private readonly lastPrefetch = new Map<string, Promise<void>>();

  constructor(options: PushHandlerOptions) {
    this.options = options;
  }

  /** Starts the work and says what it is. */
  handle(push: Push): PushOutcome {
    const { vanity, onPush } = this.options;
    const wanted = wantedRepo(push);
    const matches = wanted === undefined ? [] : rulesOfRepo(vanity(), wanted);
    if (matches.length === 0) {
      const names = push.project === undefined ? push.cloneUrls : [push.project];
      const named = names.length === 0 ? 'a repository it does not name' : names.join(' or ');
      return { matched: false, text: line(`no rule of vanity.yaml matches ${named}`) };
    }
    onPush?.(push);
    const tags = pushedTags(push);
    for (const { repo, roots } of byRepository(matches)) this.start(repo, this.refresh(repo, roots, tags));
    const rules = [...new Set(matches.map(({ rule, root }) => root?.root ?? rule.prefix))];
    return { matched: true, text: line(`asking for new refs of ${rules.join(', ')}`) };
  }

  /** Resolves when nothing that was started is running any more. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private start(repo: RepoUrl, refreshing: Promise<void>): void {
    const work = refreshing
      .catch((error: unknown) =>
        this.options.log.warn({ repository: repo.url, ...reasonOf(error) }, 'a push was not handled'),
      )
      .finally(() => this.running.delete(work));
    this.running.add(work);
  }

  private async refresh(repo: RepoUrl, roots: RepoRoot[], tags: string[]): Promise<void> {
    const { host, prefetch, log } = this.options;
    try {
      await host.refresh(repo);
    } catch (error) {
      log.warn(
        { repository: repo.url, ...reasonOf(error) },
        'a push was announced, but its repository fails',
      );
      return;
    }
    if (tags.length > 0 && prefetch()) await this.inTurn(repoKey(repo), () => this.fetchTags(roots, tags));
  }

  private async inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const { lastPrefetch } = this;
    const turn = (lastPrefetch.get(key) ?? Promise.resolve()).catch(() => undefined).then(work);
    lastPrefetch.set(key, turn);
    await turn;
    if (lastPrefetch.get(key) === turn) lastPrefetch.delete(key);
  }

  private async fetchTags(roots: RepoRoot[], tags: string[]): Promise<void> {
    for (const root of roots) {
      for (const tag of tags) {
        const map = this.options.vanity();
        const versions = versionsOfTag(root, tag).filter(({ path }) => leadsTo(map, path, root));
        if (versions.length > 0) await this.fetchFirst(tag, versions);
      }
    }
  }

  /** Fetches the first of `versions` that exists: its name does not tell which module a tag is for. */
  private async fetchFirst(tag: string, versions: TaggedVersion[]): Promise<void> {
    const { log } = this.options;
    let failure: unknown;
    for (const version of versions) {
      try {
        await this.fetch(version);
        log.info({ module: version.path, version: version.version }, 'a pushed version was fetched');
        return;
      } catch (error) {
        failure ??= error;
        if (!isNotExist(error)) break;
      }
    }
    log.warn({ tag, module: versions[0]?.path, ...reasonOf(failure) }, 'a pushed tag cannot be fetched');
  }

  private async fetch({ path, version }: TaggedVersion): Promise<void> {
    // First, because one fetch then has what all three need.
    await (await this.options.modules.zip(path, version)).stored();
    await this.options.modules.mod(path, version);
    await this.options.modules.info(path, version);
  }
}

function pushedTags({ refs }: Push): string[] {
  return refs.flatMap((pushed) =>
    pushed.ref.startsWith('refs/tags/') && !isDeleted(pushed) ? [pushed.ref.slice('refs/tags/'.length)] : [],
  );
}

function wantedRepo({ cloneUrls, project }: Push): WantedRepo | undefined {
  if (project !== undefined) {
    const name = repoName(project);
    return name === '' ? undefined : { paths: [name], is: (repo) => repoPaths(repo).includes(name) };
  }
  const urls = cloneUrls.flatMap(readAddress);
  return {
    paths: [...new Set(urls.flatMap(repoPaths))],
    is: (repo) => urls.some((url) => isSameRepo(url, repo)),
  };
}

/** Whether a host can have this address: not one on this machine, and one that can be read. */
function readAddress(text: string): RepoUrl[] {
  try {
    const url = parseRepoUrl(text, '/');
    return url.local ? [] : [url];
  } catch (error) {
    if (isModhavenError(error)) return [];
    throw error;
  }
}

function byRepository(matches: RuleRepo[]): { repo: RepoUrl; roots: RepoRoot[] }[] {
  const repos = new Map<string, { repo: RepoUrl; roots: RepoRoot[] }>();
  for (const { repo, root } of matches) {
    const entry = repos.get(repoKey(repo)) ?? { repo, roots: [] };
    repos.set(repoKey(repo), entry);
    if (root !== undefined) entry.roots.push(root);
  }
  return [...repos.values()];
}

/** Whether a module at `path` is looked for in the repository of `root`, not in that of a more specific rule. */
function leadsTo(map: VanityMap, path: string, { root, rule }: RepoRoot): boolean {
  return map.candidates(path).some((other) => other.root === root && other.rule.key === rule.key);
}

function reasonOf(error: unknown): Record<string, unknown> {
  if (!isModhavenError(error)) return { error: errorMessage(error) };
  const { code, message, reason, remedy } = error;
  return { code, error: message, reason, remedy };
}

function line(text: string): string {
  return redactLine(text, 400);
}
