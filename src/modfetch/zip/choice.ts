/**
 * Which files of a commit go into the zip of a module, from their names alone. There may be a million: they are listed
 * twice, and nothing is kept of each but its name, packed.
 */
import { ModhavenError } from '../../errors.js';
import type { CommitHash } from '../../module/commit-hash.js';
import {
  CollisionSieve,
  createCollisionChecker,
  type CollisionChecker,
} from '../../module/files/file-collisions.js';
import {
  NestedModules,
  ZIP_LIMITS,
  ZipJudge,
  describeInvalid,
  type ZipCandidate,
} from '../../module/files/zip-files.js';
import type { BlobId, CodeRepo } from '../../vcs/types.js';
import { readTar } from '../../zip/archive-reader.js';
import { ExpectedFiles } from './archive-order.js';

/** A module at one commit, and the folder that its files get in the zip. */
export interface ModuleFiles {
  repo: CodeRepo;
  commit: CommitHash;
  /** Directory of the module in the repository, '' for its root. */
  directory: string;
  /** `path@version`. */
  name: string;
}

export interface Choice {
  /** What goes into the zip, in the order of the archive; without the LICENSE that comes from elsewhere. */
  wanted: ExpectedFiles;
  /** The LICENSE of the root, where the directory has none. */
  license: Buffer | undefined;
  /** Whether the archive holds the files as they are in the commit. */
  unchanged: boolean;
  /** The paths of `wanted`, and the ids of the blobs of the regular files by path; undefined where they are too many to be held. */
  paths: readonly string[] | undefined;
  ids: ReadonlyMap<string, BlobId> | undefined;
}

/** Bytes of a name that the zip format can count. */
const MAX_NAME = 0xffff;

/** What goes into the zip. Throws MODULE_INVALID where the go command refuses. */
export async function choose(zip: ModuleFiles): Promise<Choice> {
  const { repo, commit, directory } = zip;
  const survey = new Survey();
  const candidates = await candidatesIn(zip);
  const ids = await surveyAll(candidates, survey);
  const license = await rootLicense(zip, survey);
  if (license !== undefined) survey.add(LICENSE);
  const goMod = await goModForVendorRule(zip, survey);
  const files = { candidates, license, modules: survey.modules, goMod, keepsPaths: ids !== undefined };
  const wanted = (await judge(zip, files, sieve())) ?? (await judge(zip, files, createCollisionChecker()));
  const unchanged = !survey.hasAttributes && !(await hasAttributesAbove(repo, commit, directory));
  // Without the sieve there is always an answer.
  const found = wanted ?? { wanted: new ExpectedFiles(), paths: [] };
  return { wanted: found.wanted, paths: ids && found.paths, license, unchanged, ids };
}

const LICENSE: ZipCandidate = { path: 'LICENSE', mode: 'regular' };
const ATTRIBUTES = '.gitattributes';

/** What has to be known of all files before one is judged. */
class Survey {
  readonly modules = new NestedModules();
  hasLicense = false;
  hasAttributes = false;
  hasGoMod = false;
  mayBeVendored = false;

  add(file: ZipCandidate): void {
    const { path, mode } = file;
    this.modules.add(file);
    this.hasLicense ||= path === 'LICENSE';
    this.hasGoMod ||= path === 'go.mod' && mode === 'regular';
    this.hasAttributes ||= path === ATTRIBUTES || path.endsWith(`/${ATTRIBUTES}`);
    this.mayBeVendored ||= path.startsWith('vendor/') || path.includes('/vendor/');
  }
}

interface Candidate extends ZipCandidate {
  /** Of its blob, where it may be relied on and they are not too many. */
  id: BlobId | undefined;
}

type Candidates = AsyncIterable<readonly Candidate[]>;

/** Has `survey` see all files. The ids of the blobs of the regular ones by their paths, if all are known. */
async function surveyAll(
  candidates: Candidates,
  survey: Survey,
): Promise<ReadonlyMap<string, BlobId> | undefined> {
  let ids: Map<string, BlobId> | undefined = new Map();
  for await (const batch of candidates) {
    for (const file of batch) {
      survey.add(file);
      if (file.id === undefined) ids = undefined;
      else if (file.mode === 'regular') ids?.set(file.path, file.id);
    }
  }
  return ids;
}

async function candidatesIn({ repo, commit, directory }: ModuleFiles): Promise<Candidates> {
  const listing = await repo.listFiles(commit, directory);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const batch of listing) {
        // A submodule is a directory to git archive, and a zip has no directories.
        yield batch.flatMap(({ path, displayPath, kind, hash }) =>
          // Bytes that are not UTF-8 make a name that cannot be valid, whatever they stand for.
          kind === 'submodule'
            ? []
            : [{ path: path ?? displayPath, mode: kind, id: path === undefined ? undefined : hash }],
        );
      }
    },
  };
}

/** Stands for the reason of a collision that the sieve cannot rule out. */
const MAY_COLLIDE = 'may collide';

function sieve(): CollisionChecker {
  const names = new CollisionSieve();
  return (path) => (names.mayCollide(path) ? MAY_COLLIDE : undefined);
}

interface JudgedFiles {
  candidates: Candidates;
  license: Buffer | undefined;
  modules: NestedModules;
  goMod: Buffer | undefined;
  /** Whether paths are given as such, too. */
  keepsPaths: boolean;
}

/** The valid files; undefined where two names may collide and `checkCollision` cannot say more. */
async function judge(
  { name }: ModuleFiles,
  { candidates, license, modules, goMod, keepsPaths }: JudgedFiles,
  checkCollision: CollisionChecker,
): Promise<{ wanted: ExpectedFiles; paths: string[] } | undefined> {
  const rules = new ZipJudge(modules, goMod, checkCollision);
  const wanted = new ExpectedFiles();
  const paths: string[] = [];
  let overlong: string | undefined;
  for await (const batch of candidates) {
    for (const file of batch) {
      if (rules.judge(file) !== 'valid') continue;
      wanted.add(file.path);
      if (keepsPaths) paths.push(file.path);
      if (isOverlong(name, file.path)) overlong ??= file.path;
    }
    if (rules.invalid.at(-1)?.reason === MAY_COLLIDE) return undefined;
  }
  if (license !== undefined) rules.judge(LICENSE);
  if (rules.invalid.some(({ reason }) => reason === MAY_COLLIDE)) return undefined;
  if (rules.invalid.length > 0) {
    throw new ModhavenError('MODULE_INVALID', `create zip: ${describeInvalid(rules)}`, {
      remedy: 'rename or remove these files and tag a new version',
    });
  }
  if (overlong === undefined) return { wanted, paths };
  const start = overlong.slice(0, 200);
  throw new ModhavenError('MODULE_INVALID', `create zip: ${start}...: file name too long for a zip`);
}

function isOverlong(name: string, path: string): boolean {
  // No character takes more than three bytes for each unit of its length.
  const mayBe = (name.length + path.length + 1) * 3 > MAX_NAME;
  return mayBe && Buffer.byteLength(`${name}/${path}`) > MAX_NAME;
}

/** The raw LICENSE of the root, for a module below it without a file of this name. */
async function rootLicense(
  { repo, commit, directory }: ModuleFiles,
  { hasLicense }: Survey,
): Promise<Buffer | undefined> {
  return directory === '' || hasLicense ? undefined : repo.readFile(commit, 'LICENSE');
}

/** Whether a `.gitattributes` above `directory` may change what an archive holds. */
async function hasAttributesAbove(repo: CodeRepo, commit: CommitHash, directory: string): Promise<boolean> {
  for (let above = directory; above !== '';) {
    above = above.slice(0, Math.max(above.lastIndexOf('/'), 0));
    const file = above === '' ? ATTRIBUTES : `${above}/${ATTRIBUTES}`;
    if ((await repo.readFile(commit, file)) !== undefined) return true;
  }
  return false;
}

/** What is vendored depends on the go.mod as it is in the archive. It is only read where something may be vendored. */
async function goModForVendorRule(
  { repo, commit, directory }: ModuleFiles,
  { mayBeVendored, hasGoMod }: Survey,
): Promise<Buffer | undefined> {
  if (!mayBeVendored || !hasGoMod) return undefined;
  const archive = repo.archive(commit, directory === '' ? 'go.mod' : `${directory}/go.mod`);
  let content: Buffer | undefined;
  for await (const entry of readTar(archive)) {
    // A larger one makes the zip impossible anyway.
    if (entry.isFile && entry.size <= ZIP_LIMITS.goMod) content = await entry.whole();
  }
  return content;
}
