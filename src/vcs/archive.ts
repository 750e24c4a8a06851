/** Streams what `git archive` makes of a commit. */
import { PassThrough, type Readable } from 'node:stream';
import { diskReady } from '../fs/disk-watch.js';
import type { CommitHash } from '../module/commit-hash.js';
import type { BareRepo } from './bare/bare-repo.js';
import { isBroken } from './bare/broken-repo.js';
import { asStorageError } from './bare/disk-errors.js';
import { git } from './names/git-words.js';
import { treePath } from './names/object-name.js';
import { RefsChanged } from './refs-changed.js';
import { ARCHIVE_OPTIONS, PIECEMEAL_OPTIONS } from './transport/git-environment.js';
import { streamGit } from './transport/git-exec.js';
import type { HostLimiter } from '../concurrency/host-limiter.js';

/** What the stream of an archive may fail with. */
export { GitFailure, GitOutputTooLarge } from './transport/git-exec.js';

/** Making an archive is local work, bounded all the same: 500 MiB at a very slow 1 MiB/s. */
const ARCHIVE_TIMEOUT_MS = 10 * 60_000;

/** The name under which the limiter counts archives; no host can have it. */
const ARCHIVES = 'git archive';

export interface ArchiveOptions {
  content: BareRepo;
  commit: CommitHash;
  /** None: everything. */
  paths: readonly string[];
  /** Whether no `.gitattributes` applies. */
  unchanged: boolean;
  /** The address of the repository, for messages. */
  url: string;
  /** Makes sure that `commit` is in `content`. */
  ensure: () => Promise<void>;
  /** An archive counts as a question to a host does. */
  limiter: HostLimiter;
  /** How long an archive may wait until it is begun. */
  waitMs: number;
}

/** The archive as a stream, which fails where the archive is not whole. A broken mirror is made anew once. */
export function streamArchive(options: ArchiveOptions): Readable {
  const output = new PassThrough();
  writeArchive(options, output).catch((error: unknown) => output.destroy(error as Error));
  return output;
}

async function writeArchive(options: ArchiveOptions, output: PassThrough): Promise<void> {
  const { content, url, limiter, waitMs } = options;
  for (let attempt = 1; !output.destroyed; attempt += 1) {
    await options.ensure();
    await diskReady(content.dir);
    const identity = content.identity();
    const { error, begun } = await limiter.run(ARCHIVES, waitMs, () => pipeOnce(options, output));
    if (error === undefined) return;
    if (!isBroken(error, content.dir)) throw asStorageError(error);
    await content.discard(identity);
    // What was written cannot be taken back; the caller begins again with a mirror that is made anew.
    if (begun || attempt > 1) throw new RefsChanged(url, error);
  }
}

/** Pipes one run of `git archive` into `output`; says how it failed, and whether anything was written before. */
function pipeOnce(
  { content, commit, paths, unchanged }: ArchiveOptions,
  output: PassThrough,
): Promise<{ error: Error | undefined; begun: boolean }> {
  if (output.destroyed) return Promise.resolve({ error: undefined, begun: false });
  const options = [...ARCHIVE_OPTIONS, ...(unchanged ? PIECEMEAL_OPTIONS : [])];
  const below = paths.flatMap((path) => git`${treePath(path)}`);
  const args = git`${options} archive --format=tar --end-of-options ${commit} ${below}`;
  const { dir: cwd, env } = content;
  const archive = streamGit({ args, cwd, env, timeoutMs: ARCHIVE_TIMEOUT_MS });
  return new Promise((resolve) => {
    let begun = false;
    const onClose = () => archive.destroy();
    const finish = (error: Error | undefined) => {
      output.off('close', onClose);
      resolve({ error, begun });
    };
    archive.once('data', () => {
      begun = true;
    });
    output.on('close', onClose);
    archive.on('error', finish);
    archive.on('close', () => finish(undefined));
    archive.pipe(output);
  });
}
