/** Tries the repositories of one target of `modhaven check`, as the server would reach them. */
import { errorMessage, isModhavenError } from '../../errors.js';
import { codeModule } from '../../modfetch/code-module.js';
import { placeModule } from '../../modfetch/repository/module-root.js';
import type { RepoRoots } from '../../modfetch/repo-root.js';
import { goModModulePath } from '../../module/go-mod.js';
import { parseModulePath, splitPathVersion } from '../../module/module-path.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { redactLine } from '../../redact.js';
import type { RepoRoot } from '../../vanity/rule.js';
import { summarizeAccess, type AccessSummary } from '../../vcs/transport/access-summary.js';
import type { VcsSettings } from '../../vcs/transport/access.js';
import type { CodeHost, CodeRepo } from '../../vcs/types.js';
import { blankRow, type CheckRow } from './check-row.js';
import { withName, type CheckTarget } from './check-targets.js';
import type { HostCircuit } from './host-circuit.js';

export interface Trial {
  host: CodeHost;
  roots: RepoRoots;
  settings: VcsSettings;
  candidates: (path: string) => RepoRoot[];
  askHost: HostCircuit;
}

/** One row for each repository of the module; of a pattern of which none is known, a row about its host. */
export async function tryTarget({ rule, module }: CheckTarget, trial: Trial): Promise<CheckRow[]> {
  if (module === undefined) return [await tryHost(rule, trial)];
  const blank = { ...blankRow(rule), module };
  const [likeliest] = trial.candidates(module);
  const [first] = likeliest?.repos ?? [];
  if (rule.foreign !== undefined) {
    return [{ ...blank, problem: `only git is fetched here, and its repository is ${rule.foreign.vcs}` }];
  }
  if (likeliest === undefined || first === undefined) {
    return [{ ...blank, problem: `the rule makes no repository address of ${module}` }];
  }
  let root = likeliest;
  if (rule.takesRest) {
    try {
      root = await trial.askHost(first, () => trial.roots.find(module));
    } catch (error) {
      const access = await summarizeAccess(first, trial.settings.hosts);
      return [{ ...blank, repository: first.url, ...accessOf(access), ...failureOf(error) }];
    }
  }
  const rows = await Promise.all(
    root.repos.map((repo) => tryRepository({ ...blank, root: root.root }, repo, root, trial)),
  );
  const someReached = rows.some((row) => row.reached);
  return rows.map(({ notFound, ...row }) => ({
    ...row,
    ok: row.reached || (notFound && someReached),
  }));
}

/** A name that no repository has. */
const NO_NAME = 'modhaven-check-no-such-repository';

/**
 * Asks the host of a pattern for a repository that is not there: whether there is a way to it, and whether it takes the login,
 * shows all the same.
 */
async function tryHost(
  rule: CheckTarget['rule'],
  { candidates, settings, askHost, host }: Trial,
): Promise<CheckRow> {
  const blank = { ...blankRow(rule), skipped: true };
  const [repo] = candidates(withName(rule, NO_NAME))[0]?.repos ?? [];
  if (repo === undefined) return { ...blank, ok: true };
  const access = await summarizeAccess(repo, settings.hosts);
  const row = { ...blank, ...accessOf(access) };
  try {
    await askHost(repo, () => host.open(repo, 0));
    return { ...row, ok: true, hostAnswers: true };
  } catch (error) {
    if (isModhavenError(error, 'REPO_NOT_FOUND')) return { ...row, ok: true, hostAnswers: !repo.local };
    // Hosts that do not say what they have ask for a login, or answer 403.
    const hides = isModhavenError(error, 'HOST_REFUSED') && HIDES.test(error.reason ?? '');
    if (hides) {
      return { ...row, ok: true, hostAnswers: true, warning: redactLine(error.reason ?? '', MAX_TEXT) };
    }
    return { ...row, ...failureOf(error) };
  }
}

/** See `vcs/failures/host-failures.ts`. */
const HIDES = /wants a login and modhaven has none|answered 401: .*\(none configured\)|answered 403/;

async function tryRepository(
  blank: CheckRow,
  repo: RepoUrl,
  root: RepoRoot,
  { host, settings, askHost }: Trial,
): Promise<CheckRow & { notFound: boolean }> {
  const access = await summarizeAccess(repo, settings.hosts);
  const row = { ...blank, repository: repo.url, ...accessOf(access), notFound: false };
  try {
    return await askHost(repo, async () => {
      const opened = await host.open(repo, 0);
      const module = codeModule({
        path: parseModulePath(row.module),
        root: root.root,
        subdir: root.subdir,
        repo: opened,
      });
      const { list } = await module.versions();
      const reached = { ...row, reached: true, defaultBranch: opened.defaultBranch, versions: list.length };
      return { ...reached, warning: await contentOf(opened, row.module, root) };
    });
  } catch (error) {
    return { ...row, ...failureOf(error), notFound: isModhavenError(error, 'REPO_NOT_FOUND') };
  }
}

/** What `go` would not take of the head of the default branch; undefined if that is in order. */
async function contentOf(
  repo: CodeRepo,
  module: string,
  { root, subdir }: RepoRoot,
): Promise<string | undefined> {
  if (repo.defaultBranch === undefined) {
    const hasTags = repo.tags('').list.length > 0;
    return hasTags ? undefined : 'the repository is empty: there is nothing to serve yet';
  }
  const { hash } = await repo.latest();
  const { codeDir } = placeModule(parseModulePath(module), root, subdir);
  const goMod = await repo.readFile(hash, codeDir === '' ? 'go.mod' : `${codeDir}/go.mod`);
  const declared = goMod === undefined ? '' : goModModulePath(goMod);
  if (declared === '' || withoutMajor(declared) === withoutMajor(module)) return undefined;
  const said = `its go.mod on ${repo.defaultBranch} says module ${declared}, so go refuses it as ${module}`;
  const remedy = `correct the module line of that go.mod, or write the rule for ${declared}`;
  return redactLine(`${said}: ${remedy}`, MAX_TEXT);
}

function withoutMajor(path: string): string {
  return splitPathVersion(path)?.prefix ?? path;
}

function accessOf({ hostEntry, credential }: AccessSummary): Pick<CheckRow, 'hostEntry' | 'credential'> {
  return { hostEntry, credential };
}

/** Longer than any text of ours; a host's words are cut. */
const MAX_TEXT = 600;

function failureOf(error: unknown): Pick<CheckRow, 'problem' | 'remedy'> {
  if (!isModhavenError(error)) {
    return { problem: redactLine(errorMessage(error), MAX_TEXT), remedy: undefined };
  }
  const { message, reason, remedy } = error;
  return {
    problem: redactLine(reason ?? message, MAX_TEXT),
    remedy: remedy === undefined ? undefined : redactLine(remedy, MAX_TEXT),
  };
}
