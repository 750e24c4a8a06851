/** What is said in version 2 of git's protocol (gitprotocol-v2(5)): requests as text, answers from packets. Pure. */
import { Slices } from '../../concurrency/slices.js';
import { isHash, type ObjectHash } from '../names/object-name.js';
import { HEAD, type RefName } from '../names/ref-name.js';
import type { ObjectFormat } from '../objects/object-format.js';
import { listedRef, type RefListing } from '../objects/refs.js';
import { FallbackToGit } from './fallback-to-git.js';
import { DELIMITER, FLUSH, packet, type Packet } from './pkt-line.js';

/** What a server says that it can do. */
export interface Capabilities {
  /** Whether it takes the name of the client. */
  agent: boolean;
  /** Undefined where it does not say: then it is `sha1`. */
  objectFormat: ObjectFormat | undefined;
  /** What `fetch` knows: `shallow`, `filter` and so on. */
  fetch: ReadonlySet<string>;
}

const AGENT = 'agent=modhaven';

/** Reads the answer to `GET …/info/refs?service=git-upload-pack`. Throws `FallbackToGit` unless it is of version 2. */
export async function readCapabilities(answer: AsyncIterable<Packet[]>): Promise<Capabilities> {
  const lines: string[] = [];
  let left = MAX_CAPABILITIES;
  let complete = false;
  for await (const found of answer) {
    for (const each of found) {
      left -= each.length + 1;
      if (complete || left < 0) throw new FallbackToGit('more than capabilities', { always: true });
      if (each instanceof Buffer) lines.push(lineOf(each));
      // Some servers put the line of version 0 and a flush before all others.
      else complete = each === 'flush' && lines.at(-1)?.startsWith(VERSION_0) !== true;
    }
  }
  const start = lines[0]?.startsWith(VERSION_0) === true ? 1 : 0;
  if (lines[start] !== 'version 2') throw new FallbackToGit('not version 2', { always: true });
  if (!complete) throw new FallbackToGit('the capabilities are cut off');
  const known = new Map(lines.slice(start + 1).map(splitCapability));
  const fetch = known.get('fetch');
  const objectFormat = known.get('object-format');
  if (!known.has('ls-refs') || fetch === undefined) {
    throw new FallbackToGit('not upload-pack', { always: true });
  }
  if (objectFormat !== undefined && objectFormat !== 'sha1' && objectFormat !== 'sha256') {
    throw new FallbackToGit('an unknown object format', { always: true });
  }
  return { agent: known.has('agent'), objectFormat, fetch: new Set(fetch.split(' ')) };
}

const VERSION_0 = '# service=';

/** Bytes; git itself sends less than 200. */
const MAX_CAPABILITIES = 64 * 1024;

function splitCapability(line: string): [name: string, value: string] {
  const [name = line, ...value] = line.split('=');
  return [name, value.join('=')];
}

/** Asks for HEAD, branches and tags, with what HEAD stands for and the commits of annotated tags. */
export function lsRefsRequest(capabilities: Capabilities): string {
  return request('ls-refs', capabilities, [
    'peel',
    'symrefs',
    'ref-prefix HEAD',
    'ref-prefix refs/heads/',
    'ref-prefix refs/tags/',
  ]);
}

/** Reads the answer to `lsRefsRequest`. Throws `FallbackToGit`. */
export async function readRefs(answer: AsyncIterable<Packet[]>): Promise<RefListing> {
  const refs = new Map<RefName, ObjectHash>();
  let defaultBranch: string | undefined;
  let complete = false;
  let left = MAX_LISTING;
  const slices = new Slices(REFS_AT_ONCE);
  for await (const found of answer) {
    for (const each of found) {
      left -= each.length;
      if (complete || left < 0) throw new FallbackToGit('more than refs');
      if (!(each instanceof Buffer)) {
        complete = each === 'flush';
        continue;
      }
      if (slices.isOver()) await slices.next();
      const { hash, name, attributes } = refIn(lineOf(each));
      const commit = attributeIn(attributes, 'peeled:') ?? hash;
      if (!isHash(hash) || !isHash(commit)) throw new FallbackToGit('a line that is not a ref');
      const ref = listedRef(name);
      if (ref === undefined) continue;
      refs.set(ref, commit);
      if (ref === HEAD) defaultBranch = attributeIn(attributes, 'symref-target:refs/heads/');
    }
  }
  if (!complete) throw new FallbackToGit('the list of refs is cut off');
  return { refs, defaultBranch };
}

/** `HASH NAME ATTRIBUTES`: most lines have none, and of many the lists take longer than all else. */
function refIn(line: string): { hash: string; name: string; attributes: readonly string[] } {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  if (first < 0) return { hash: line, name: '', attributes: [] };
  const hash = line.slice(0, first);
  if (second < 0) return { hash, name: line.slice(first + 1), attributes: [] };
  return { hash, name: line.slice(first + 1, second), attributes: line.slice(second + 1).split(' ') };
}

/** Bytes; a list of 500,000 refs is 40 MB. */
const MAX_LISTING = 64 * 1024 * 1024;

/** Refs that are read in one slice; about as many come in one piece. */
const REFS_AT_ONCE = 2_000;

function attributeIn(attributes: readonly string[], prefix: string): string | undefined {
  return attributes.find((attribute) => attribute.startsWith(prefix))?.slice(prefix.length);
}

/** What a pack shall hold. */
export interface PackRequest {
  /** Hashes of commits, or of anything else. */
  wants: readonly ObjectHash[];
  /** Commits without their parents. */
  shallow: boolean;
  /** Leaves out files, but those that `wants` names. */
  withoutFiles: boolean;
  /** Commits that are here with all that the same filter leaves of them, and need not be sent. */
  haves: readonly ObjectHash[];
  /** Those of `haves` whose parents are not here. */
  cut: readonly ObjectHash[];
}

/** Asks for a pack, at once and without the usual search for what both sides have: `done` ends it. */
export function fetchRequest(capabilities: Capabilities, what: PackRequest): string {
  const needed = [...(what.shallow ? ['shallow'] : []), ...(what.withoutFiles ? ['filter'] : [])];
  const lacking = needed.find((feature) => !capabilities.fetch.has(feature));
  if (lacking !== undefined) throw new FallbackToGit(`the host knows no ${lacking}`);
  return request('fetch', capabilities, [
    // Of commits without parents a host leaves out what is here only if it may send a thin pack.
    'thin-pack',
    'no-progress',
    'ofs-delta',
    ...what.cut.map((hash) => `shallow ${hash}`),
    ...(what.shallow ? ['deepen 1'] : []),
    ...(what.withoutFiles ? ['filter blob:none'] : []),
    ...what.wants.map((hash) => `want ${hash}`),
    ...what.haves.map((hash) => `have ${hash}`),
    'done',
  ]);
}

/**
 * The bytes of the pack in the answer to `fetchRequest`; before the first of them, `onShallow` was told which commits
 * come without their parents. Throws `FallbackToGit` for whatever else the host says, and where the answer is cut off.
 */
export async function* readPack(
  answer: AsyncIterable<Packet[]>,
  onShallow: (commits: ObjectHash[]) => void,
): AsyncGenerator<Buffer, undefined> {
  const shallow: ObjectHash[] = [];
  let section = '';
  let complete = false;
  for await (const found of answer) {
    for (const each of found) {
      if (complete) throw new FallbackToGit('more than a pack');
      if (!(each instanceof Buffer)) {
        if (each === 'delimiter') section = '';
        else complete = section === PACK && each === 'flush';
        continue;
      }
      if (section === PACK) {
        const channel = each[0];
        if (channel === CHANNEL.data) {
          // Hosts send empty ones to show that they are still there.
          if (each.length > 1) yield each.subarray(1);
        } else if (channel !== CHANNEL.progress) {
          throw new FallbackToGit('the host broke off the pack');
        }
        continue;
      }
      const line = lineOf(each);
      if (section === '') {
        section = line;
        if (section === PACK) onShallow(shallow);
        else if (section !== SHALLOW) throw new FallbackToGit(`instead of a pack: ${line}`);
        continue;
      }
      const commit = cutCommit(line);
      if (commit === undefined || shallow.length === MAX_SHALLOW) {
        throw new FallbackToGit(`in ${section}: ${line}`);
      }
      shallow.push(commit);
    }
  }
  if (!complete) throw new FallbackToGit('the pack is cut off');
}

/** The commit that a line says to be without its parents. */
function cutCommit(line: string): ObjectHash | undefined {
  const hash = line.startsWith('shallow ') ? line.slice('shallow '.length) : '';
  return isHash(hash) ? hash : undefined;
}

const PACK = 'packfile';
const SHALLOW = 'shallow-info';
/** A host that is asked for one commit has no more than that to say. */
const MAX_SHALLOW = 1_000;
const CHANNEL = { data: 1, progress: 2 } as const;

function request(command: string, { agent, objectFormat }: Capabilities, args: readonly string[]): string {
  const head = [
    `command=${command}`,
    ...(agent ? [AGENT] : []),
    ...(objectFormat === undefined ? [] : [`object-format=${objectFormat}`]),
  ];
  return [...head.map(packet), DELIMITER, ...args.map(packet), FLUSH].join('');
}

function lineOf(bytes: Buffer): string {
  return bytes.toString('utf8', 0, bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length);
}

const NEWLINE = 0x0a;
