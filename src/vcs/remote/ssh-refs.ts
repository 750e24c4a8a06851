/**
 * The refs of a host that is reached over ssh, without git in between: ssh is started as git starts it, but by this process,
 * without a shell. Listing refs is what fails when a host refuses or does not know a repository, and git, when it fails,
 * does not wait for the ssh that it started: as process 1 of a container this process would collect what is left of it.
 *
 * Only what goes as usual is decided here (gitprotocol-pack(5), gitprotocol-v2(5)); anything else is left to git.
 */
import type { RepoUrl } from '../../module/repo-url.js';
import { parseRefs, type RefListing } from '../objects/refs.js';
import { FallbackToGit } from '../smart-http/fallback-to-git.js';
import { FLUSH, packets, type Packet } from '../smart-http/pkt-line.js';
import { lsRefsRequest, readCapabilities, readRefs } from '../smart-http/protocol-v2.js';
import type { HostAccess } from '../transport/access.js';
import type { Environment } from '../transport/git-environment.js';
import { converseOverSsh, GitFailure, type Conversation } from '../transport/git-exec.js';

export interface SshRefsOptions {
  access: HostAccess;
  cwd: string;
  env: Environment;
  timeoutMs: number;
}

/** What the host lists; undefined where git is to be asked. Throws `GitFailure` with what ssh or the host said. */
export async function listRefsOverSsh({
  access,
  cwd,
  env,
  timeoutMs,
}: SshRefsOptions): Promise<RefListing | undefined> {
  const { target, sshWords } = access;
  if (target.scheme !== 'ssh' || sshWords === undefined) return undefined;
  const [program = 'ssh', ...args] = [...sshWords, ...sshDestination(target)];
  const child = converseOverSsh({ program, args, cwd, env: { ...env, GIT_PROTOCOL: 'version=2' } });
  const deadline = AbortSignal.timeout(timeoutMs);
  const giveUp = () => child.kill();
  deadline.addEventListener('abort', giveUp);
  child.stdin.on('error', () => undefined); // how it ended says why it does not read
  try {
    const listing = await readListing(child);
    child.stdin.end(FLUSH);
    return listing;
  } catch (error) {
    if (deadline.aborted) throw new GitFailure('ls-remote', undefined, '', true);
    if (!(error instanceof FallbackToGit)) throw error;
    if (!child.stdout.readableEnded) child.kill();
    else await throwWhatSshSaid(child);
    return undefined;
  } finally {
    child.stdout.destroy();
    // A host that was told that this is all ends by itself; one that does not is ended.
    deadline.removeEventListener('abort', giveUp);
    const end = setTimeout(giveUp, END_MS).unref();
    void child.ended.catch(() => undefined).finally(() => clearTimeout(end));
  }
}

/** How long a host may take to end the session. */
const END_MS = 5_000;

/** How long ssh may take to say why a host sent nothing that makes sense. */
const WORDS_MS = 2_000;

/** The arguments behind the options, as git gives them (connect.c): options for the session, host, command. */
export function sshDestination(target: RepoUrl): string[] {
  const host = target.host.replace(/^\[|\]$/g, '');
  return [
    ...['-o', 'SendEnv=GIT_PROTOCOL'],
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
    target.user === undefined ? host : `${target.user}@${host}`,
    `git-upload-pack ${quotedForShell(pathOnHost(target))}`,
  ];
}

/** The path as git tells it to the host: decoded where the address is a URL, and from the home where it begins with `~`. */
function pathOnHost({ gitUrl }: RepoUrl): string {
  const [, urlPath] = /^[\w+.-]+:\/\/[^/]*(\/.*)$/.exec(gitUrl) ?? [];
  if (urlPath !== undefined) return decodeURIComponent(urlPath).replace(/^\/(?=~)/, '');
  return gitUrl.replace(/^(?:[^:/]*@)?(?:\[[^\]]*\]|[^:/@]*):/, '');
}

/** As git quotes it for the shell on the other side (quote.c). */
function quotedForShell(text: string): string {
  return `'${text.replace(/['!]/g, (character) => `'\\${character}'`)}'`;
}

/** Throws `FallbackToGit` for what is not the list of a host that goes as usual. */
async function readListing({ stdin, stdout }: Conversation): Promise<RefListing> {
  const answers = packets(stdout);
  const advertised = await collect(untilFlush(answers));
  const [first] = advertised;
  if (!(first instanceof Buffer)) throw new FallbackToGit('nothing is advertised');
  if (!first.toString('latin1').startsWith('version ')) return readAdvertised(advertised);
  const capabilities = await readCapabilities(one(advertised));
  stdin.write(lsRefsRequest(capabilities));
  return readRefs(untilFlush(answers));
}

/** What a host of version 0 lists by itself: `HASH NAME`, behind the first of them a NUL and what the host can do. */
export function readAdvertised(advertised: readonly Packet[]): RefListing {
  let capabilities: string[] = [];
  const lines: string[] = [];
  for (const each of advertised) {
    if (!(each instanceof Buffer)) continue;
    const [line = '', known] = each.toString('utf8').replace(/\n$/, '').split('\0');
    if (known !== undefined) capabilities = known.split(' ');
    if (/^shallow [0-9a-f]{40,64}$/.test(line)) continue;
    const [, hash, name] = /^([0-9a-f]{40}|[0-9a-f]{64}) (.+)$/.exec(line) ?? [];
    if (hash === undefined || name === undefined) throw new FallbackToGit('a line that is not a ref');
    if (name !== 'capabilities^{}') lines.push(`${hash}\t${name}`);
  }
  const head = capabilities.find((capability) => capability.startsWith(HEAD_BRANCH));
  return { refs: parseRefs(lines.join('\n')), defaultBranch: head?.slice(HEAD_BRANCH.length) };
}

const HEAD_BRANCH = 'symref=HEAD:refs/heads/';

/** Bytes of packets that a host may advertise: as much as `git ls-remote` may print. */
const MAX_ADVERTISED = 64 * 1024 * 1024;

/** The packets up to the first flush; what is cut off before is not for us to judge. */
async function* untilFlush(
  answers: AsyncGenerator<Packet[], undefined>,
): AsyncGenerator<Packet[], undefined> {
  for (;;) {
    const { value, done } = await answers.next();
    if (done === true) throw new FallbackToGit('the answer is cut off');
    yield value;
    if (value.at(-1) === 'flush') return;
    if (value.includes('flush')) throw new FallbackToGit('more than was asked for');
  }
}

async function collect(answer: AsyncIterable<Packet[]>): Promise<Packet[]> {
  const all: Packet[] = [];
  let left = MAX_ADVERTISED;
  for await (const found of answer) {
    for (const each of found) {
      left -= each.length;
      if (left < 0) throw new FallbackToGit('more than refs');
      all.push(each);
    }
  }
  return all;
}

async function* one(found: Packet[]): AsyncGenerator<Packet[], undefined> {
  yield await Promise.resolve(found);
}

/** The output has ended without a list: where ssh ended with an error, that is the reason. */
async function throwWhatSshSaid(child: Conversation): Promise<void> {
  const words = setTimeout(() => child.kill(), WORDS_MS);
  try {
    await child.ended;
  } catch (error) {
    if (error instanceof GitFailure && error.exitCode !== undefined) {
      const said = `${error.stderr.trimEnd()}\nfatal: Could not read from remote repository.\n`;
      throw new GitFailure('ls-remote', error.exitCode, said);
    }
  } finally {
    clearTimeout(words);
  }
}
