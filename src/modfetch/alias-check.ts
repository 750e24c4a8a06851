/**
 * Refuses module paths that are another spelling, in upper and lower case, of a module of the same repository.
 *
 * Below a rule with a placeholder the path of a module is that of its repository, and many git hosts ignore case in
 * paths: then one module has as many names as its path has spellings, each of which would be stored for ever. `go`
 * takes none of them but the one that go.mod declares (for another it says "module declares its path as").
 *
 * A path is refused only if the git host itself says that both lead to one repository: on a host that heeds case, a
 * go.mod that names another spelling is served as it is, as `go` does for replacements.
 */
import { ModhavenError, isNotExist } from '../errors.js';
import { goModModulePath } from '../module/go-mod.js';
import type { ModulePath } from '../module/module-path.js';
import type { RepoUrl } from '../module/repo-url.js';
import type { CodeHost, CodeRepo } from '../vcs/types.js';
import type { CodeModule, VersionInfo } from './code-module.js';

export interface AliasCheckOptions {
  roots: { find(path: string): Promise<{ repos: readonly RepoUrl[]; rule?: { isPattern: boolean } }> };
  host: Pick<CodeHost, 'open'>;
  /** How old refs may be, in milliseconds. */
  refreshMs: () => number;
}

/** Spellings of a repository without a go.mod that are served, beside those that are most likely meant: nothing says which one is. */
const MAX_UNDECLARED = 4;

export class AliasCheck {
  private readonly options: AliasCheckOptions;

  constructor(options: AliasCheckOptions) {
    this.options = options;
  }

  /**
   * Throws MODULE_NOT_FOUND if `path` in `repo` is another spelling of the module that `goMod` declares; undefined stands
   * for a module without a go.mod.
   */
  async check(path: ModulePath, repo: CodeRepo, goMod: Buffer | undefined): Promise<void> {
    if (goMod === undefined) {
      const { number, first } = repo.spelling;
      if (number < MAX_UNDECLARED) return;
      const { rule } = await this.options.roots.find(path);
      if (rule?.isPattern !== false) throw tooManySpellings(path, first);
      return; // a rule without a placeholder has the address as an admin wrote it
    }
    const declared = goModModulePath(goMod);
    if (declared === path || declared.toLowerCase() !== path.toLowerCase()) return;
    if (await this.leadsTo(declared, repo)) throw otherSpelling(path, declared);
  }

  /** The same for a version whose go.mod was not read: it is where another spelling of the repository is known. */
  async checkFound(
    module: CodeModule,
    repo: CodeRepo,
    { version, commit }: Pick<VersionInfo, 'version' | 'commit'>,
  ): Promise<void> {
    if (repo.spelling.number === 0) return;
    const { goMod } = await module.findRoot(version, commit);
    await this.check(module.path, repo, goMod);
  }

  /** Whether `path`, by the rules, leads to the repository `repo` by another address. */
  private async leadsTo(path: string, repo: CodeRepo): Promise<boolean> {
    const { roots, host, refreshMs } = this.options;
    try {
      const [remote] = (await roots.find(path)).repos;
      if (remote === undefined || remote.url === repo.url) return false;
      return (await host.open(remote, refreshMs())).spelling.first === repo.spelling.first;
    } catch (error) {
      if (isNotExist(error)) return false;
      throw error;
    }
  }
}

function otherSpelling(path: ModulePath, declared: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: its go.mod declares ${declared}`, {
    reason: 'the git host has one repository for both spellings, and go takes only the one in go.mod',
    remedy: `ask for ${declared}`,
  });
}

function tooManySpellings(path: ModulePath, first: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: one repository, too many spellings`, {
    reason: `the git host has one repository for this path and ${first}, and no go.mod says which one is meant`,
    remedy:
      'add a go.mod to the repository; until then, ask for it in lower case, or have the admin write a rule for this path',
  });
}
