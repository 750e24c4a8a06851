/**
 * `modhaven explain MODULE[@VERSION]`: the whole story of one module: the rule, the repository and how it is reached,
 * what is stored, what git says, and what `go` would be told. It looks and changes nothing.
 */
import { loadConfig, type Config } from '../config/load-config.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { parseModulePath, type ModulePath } from '../module/module-path.js';
import type { RepoUrl } from '../module/repo-url.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import { codeModule } from '../modfetch/code-module.js';
import { openStores } from '../store/open/open-stores.js';
import { checkStateVersion } from '../store/state-version.js';
import { isPrivatePath, whyPrivate } from '../modfetch/private-paths.js';
import { GitSource } from '../modfetch/git-source.js';
import { createRepoRoots } from '../modfetch/repo-root.js';
import { decodeInfo } from '../module/info.js';
import { chooseVersion, choosesVersion } from '../modfetch/query.js';
import type { PartKind, VersionStore } from '../store/version-store.js';
import { openUpstream } from '../services.js';
import { redactLine } from '../redact.js';
import { vcsSettings } from '../config/settings.js';
import type { RepoRoot } from '../vanity/rule.js';
import { loadVanity } from '../vanity/vanity-file.js';
import { summarizeAccess } from '../vcs/transport/access-summary.js';
import { createCodeHost } from '../vcs/code-host.js';
import type { Origin } from '../module/origin.js';
import type { CodeHost, CodeRepo } from '../vcs/types.js';
import type { Explanation, RepositoryStory, TagStory } from './output/explanation.js';
import { explainReport } from './output/explain-report.js';
import { jsonText } from './output/json-text.js';
import { goAnswers } from './probe/go-answers.js';
import type { OnProgress } from './terminal/progress-bar.js';
import { createStopwatch, type Stopwatch } from './terminal/stopwatch.js';

export interface ExplainOptions {
  /** `MODULE` or `MODULE@VERSION`; the version may be a branch, tag or commit hash, too. */
  module: string;
  config?: string;
  json?: boolean;
  onProgress?: OnProgress;
}

/** The story as text, and whether `go` would get the module. Throws CONFIG. */
export async function explain(options: ExplainOptions): Promise<{ text: string; ok: boolean }> {
  const story = await tell(options);
  const text = options.json === true ? jsonText(story) : explainReport(story);
  return { text, ok: story.ok };
}

async function tell({ module: argument, config: file, onProgress }: ExplainOptions): Promise<Explanation> {
  const { module, query } = parseArgument(argument);
  const watch = createStopwatch(onProgress);
  const { config, map } = await watch.time('read both files', () => {
    const loaded = loadConfig(file);
    return { config: loaded, map: loadVanity(loaded.vanityFile, { defaultHost: loaded.publicHost }) };
  });
  await checkStateVersion(config.cacheDir);
  const { host, store } = openCache(config);
  const candidates = (path: string) => map.candidates(path);
  // What the first question fetched serves all of them.
  const refreshMs = Math.max(config.refreshMs, config.vcsTimeoutMs);
  const isPublic = (path: string) => !isPrivatePath(path, map, config);
  const roots = createRepoRoots({ candidates, host, refreshMs: () => refreshMs, isPublic });
  const story = emptyStory(module, query);
  story.private = whyPrivate(module, map, config);
  story.timings = watch.steps;
  if (isPublic(module) && config.upstream.length > 0) {
    return tellPublic(story, { config, module, store, watch });
  }

  const [likeliest] = candidates(module);
  let looks: Look[] = [];
  if (likeliest !== undefined) {
    const { key, line } = likeliest.rule;
    story.rule = { key, file: map.file, line };
    const root = await findRoot(likeliest, () => watch.time('find the root', () => roots.find(module)));
    Object.assign(story, { root: root.root, subdir: root.subdir });
    looks = await Promise.all(
      root.repos.map((repo) => lookAt({ repo, root, module, query, host, hosts: config.hosts, watch })),
    );
  }
  story.repositories = looks.map((look) => look.story);
  const found = looks.find((look) => look.origin !== undefined);
  story.version = query !== undefined && isCanonicalVersion(query) ? query : found?.story.revision?.version;
  if (found?.origin !== undefined) story.origin.now = found.origin;
  if (story.version !== undefined) await addStored(story, store, module, story.version);
  story.tag = tagStory(story.origin.recorded, looks);
  const newest = story.version;
  const source = new GitSource({ roots, host, refreshMs: () => refreshMs });
  const admin = config.publicHost;
  story.go = await goAnswers({ module, query, newest, source, store, watch, admin });
  story.ok = story.go.every(({ status }) => status === 200);
  return story;
}

/** The story of a module of which nothing is known yet. */
function emptyStory(module: ModulePath, query: string | undefined): Explanation {
  return {
    module,
    query,
    version: undefined,
    rule: undefined,
    private: undefined,
    upstream: [],
    root: undefined,
    subdir: undefined,
    repositories: [],
    cache: {},
    origin: {},
    tag: undefined,
    go: [],
    timings: [],
    ok: false,
  };
}

/** The story of a module that no rule covers and the upstream is asked for, as it answers now. */
async function tellPublic(
  story: Explanation,
  options: { config: Config; module: ModulePath; store: VersionStore; watch: Stopwatch },
): Promise<Explanation> {
  const { query } = story;
  const { config, module, store, watch } = options;
  const source = openUpstream(config);
  const admin = config.publicHost;
  // A zip may be large, and says no more about the upstream than its go.mod.
  const go = await goAnswers({ module, query, newest: undefined, source, zips: false, store, watch, admin });
  const told = { ...story, upstream: config.upstream.map(({ url }) => url), go };
  if (query !== undefined && isCanonicalVersion(query)) {
    told.version = query;
    await addStored(told, store, module, query);
  }
  return { ...told, ok: go.every(({ status }) => status === 200) };
}

function parseArgument(argument: string): { module: ModulePath; query: string | undefined } {
  const at = argument.indexOf('@');
  const query = at < 0 ? undefined : argument.slice(at + 1);
  if (query === '') {
    throw new ModhavenError('CONFIG', `${argument}: no version follows the @`, {
      remedy: 'write MODULE or MODULE@VERSION',
    });
  }
  try {
    return { module: parseModulePath(at < 0 ? argument : argument.slice(0, at)), query };
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    throw new ModhavenError('CONFIG', error.message, {
      reason: error.reason,
      remedy: error.remedy,
      cause: error,
    });
  }
}

function openCache(config: Config): { host: CodeHost; store: VersionStore } {
  const settings = () => vcsSettings(config);
  const { layout, unchecked } = openStores(config);
  return { host: createCodeHost({ dir: layout.mirrors, settings }), store: unchecked };
}

/** The root that the git host confirms; where it cannot be asked, the likeliest. */
async function findRoot(likeliest: RepoRoot, find: () => Promise<RepoRoot>): Promise<RepoRoot> {
  if (!likeliest.rule.takesRest) return likeliest;
  try {
    return await find();
  } catch (error) {
    if (isModhavenError(error)) return likeliest; // looking at it says the same again, in its place
    throw error;
  }
}

/** One repository, looked at. */
interface Look {
  story: RepositoryStory;
  opened: CodeRepo | undefined;
  /** Of the version that is meant. */
  origin: Origin | undefined;
}

interface LookOptions {
  repo: RepoUrl;
  root: RepoRoot;
  module: ModulePath;
  query: string | undefined;
  host: CodeHost;
  hosts: Config['hosts'];
  watch: Stopwatch;
}

async function lookAt({
  repo,
  root,
  module,
  query = 'latest',
  host,
  hosts,
  watch,
}: LookOptions): Promise<Look> {
  const story: RepositoryStory = {
    url: repo.url,
    ...(await summarizeAccess(repo, hosts)),
    reached: false,
    defaultBranch: undefined,
    versions: undefined,
    revision: undefined,
    problem: undefined,
    remedy: undefined,
  };
  const look: Look = { story, opened: undefined, origin: undefined };
  try {
    const opened = await watch.time(`ask ${repo.url} for its refs`, () => host.open(repo, 0));
    look.opened = opened;
    Object.assign(story, { reached: true, defaultBranch: opened.defaultBranch });
    const code = codeModule({ path: module, root: root.root, subdir: root.subdir, repo: opened });
    story.versions = (await code.versions()).list.length;
    const found = await watch.time(`find ${query} in it`, () =>
      choosesVersion(query) ? chooseVersion(code, query) : code.stat(query),
    );
    const { version, commit, time } = found;
    story.revision = { version, commit, time: time.toISOString() };
    look.origin = found.origin;
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    const { message, reason, remedy } = error;
    story.problem = redactLine(story.reached || reason === undefined ? message : reason, 600);
    story.remedy = remedy === undefined ? undefined : redactLine(remedy, 600);
  }
  return look;
}

async function addStored(
  story: Explanation,
  store: VersionStore,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<void> {
  const part = (kind: PartKind) => ({ module, version, kind });
  for (const kind of ['info', 'mod', 'zip'] as const) {
    const size = await store.size(part(kind));
    if (size !== undefined) story.cache[kind] = size;
  }
  const hash = await store.read(part('ziphash'));
  if (hash !== undefined) story.cache.h1 = hash.toString().trim();
  const info = await store.read(part('info'));
  const recorded = info === undefined ? undefined : decodeInfo(info).Origin;
  if (recorded !== undefined) story.origin.recorded = recorded;
}

function tagStory(recorded: Origin | undefined, looks: Look[]): TagStory | undefined {
  const name = /^refs\/tags\/(.+)$/.exec(recorded?.Ref ?? '')?.[1];
  if (name === undefined || recorded?.Hash === undefined) return undefined;
  const opened = looks.flatMap((look) => look.opened ?? []);
  const now = opened
    .map((repo) => repo.tags(name).list.find((tag) => tag.name === name)?.hash)
    .find((hash) => hash !== undefined);
  const story = { name, recorded: recorded.Hash, now };
  if (now === undefined) return { ...story, state: opened.length < looks.length ? 'unknown' : 'gone' };
  return { ...story, state: now === recorded.Hash ? 'same' : 'moved' };
}
