/**
 * Reads objects of mirrors through a few `git cat-file --batch` children that live on between requests: starting git
 * costs more than most answers.
 *
 * One child serves one repository, request after request. Children of a repository that was made anew, or that were
 * idle for a while, are ended; so is the one idle longest where too many run. A child that dies over a request is
 * replaced once: what it knew may have changed under it (a pack that was removed or damaged). A new one that dies says
 * why.
 */
import { LRUCache } from 'lru-cache';
import { git } from '../names/git-words.js';
import type { ObjectSpec } from '../names/object-name.js';
import { converse, GitFailure, GitOutputTooLarge, type Conversation } from '../transport/git-exec.js';
import { createObjectParser, type GitObject } from './object-stream.js';

export type { GitObject } from './object-stream.js';

export interface ObjectRequest {
  dir: string;
  /** Tells the repository from one made anew in its place. */
  identity: string;
  env: Record<string, string>;
  /** What to read: `HASH`, or `HASH:path/of/file`. */
  specs: readonly ObjectSpec[];
  timeoutMs: number;
  /** Bytes of all answers together. */
  maxOutput: number;
}

/** Children that may live at once, busy or not; a child beyond them ends with its answer. */
const MAX_CHILDREN = 8;

const IDLE_MS = 5_000;

/** For the whole process, because what they bound is its children. */
const readers = new LRUCache<string, ObjectReader>({
  max: MAX_CHILDREN,
  dispose: (reader) => reader.retire(),
});

/**
 * The objects that `request.specs` name, in their order; undefined where there is none. Throws `GitFailure`, or
 * `GitOutputTooLarge` beyond `maxOutput`.
 */
export async function readObjects(request: ObjectRequest): Promise<(GitObject | undefined)[]> {
  if (request.specs.length === 0) return [];
  const reader = readerFor(request);
  const wasNew = reader.isNew;
  try {
    return await reader.read(request);
  } catch (error) {
    if (error instanceof Interrupted) return readObjects(request);
    if (wasNew || !(error instanceof GitFailure) || error.timedOut) throw error;
    return readerFor(request).read(request);
  }
}

/** The child ended over another request. */
class Interrupted extends Error {}

function readerFor(request: ObjectRequest): ObjectReader {
  const found = readers.get(request.dir);
  if (found?.identity === request.identity && !found.isOver) return found;
  const reader = new ObjectReader(request);
  readers.set(request.dir, reader);
  return reader;
}

/** A request that the child has yet to answer, or is answering. */
interface PendingRequest {
  request: ObjectRequest;
  objects: (GitObject | undefined)[];
  size: number;
  deadline: NodeJS.Timeout;
  resolve(objects: (GitObject | undefined)[]): void;
  reject(error: unknown): void;
}

/** One child, for one repository. */
class ObjectReader {
  readonly identity: string;
  /** Whether it never answered yet: then its failure has nothing to do with its age. */
  isNew = true;
  readonly #child: Conversation;
  readonly #pending: PendingRequest[] = [];
  readonly #idle: NodeJS.Timeout;
  #isEnded = false;
  #isRetired = false;

  constructor({ dir, identity, env }: ObjectRequest) {
    this.identity = identity;
    this.#child = converse({ args: git`cat-file --batch`, cwd: dir, env });
    this.#idle = setTimeout(() => this.retire(), IDLE_MS).unref();
    const parser = createObjectParser({
      accept: (size) => this.#accept(size),
      object: (object) => this.#take(object),
    });
    this.#child.stdin.on('error', () => undefined); // its end tells why it stopped reading
    this.#child.stdout.on('data', (piece: Buffer) => {
      if (!this.#isEnded) parser.push(piece);
    });
    this.#child.ended.then(
      () => this.#end(new GitFailure('cat-file', 0, 'git cat-file ended before it answered')),
      (error: unknown) => {
        if (!this.#isEnded) this.#end(error);
      },
    );
  }

  get isOver(): boolean {
    return this.#isEnded || this.#isRetired;
  }

  /** Ends it once it has answered what it was sent. */
  retire(): void {
    this.#isRetired = true;
    if (this.#pending.length === 0) this.#end(undefined);
  }

  read(request: ObjectRequest): Promise<(GitObject | undefined)[]> {
    return new Promise((resolve, reject) => {
      const giveUp = () => this.#end(new GitFailure('cat-file', undefined, '', true));
      const deadline = setTimeout(giveUp, request.timeoutMs);
      this.#child.keepAlive(true);
      this.#pending.push({ request, objects: [], size: 0, deadline, resolve, reject });
      this.#child.stdin.write(request.specs.map((spec) => `${spec}\n`).join(''));
    });
  }

  /** The size of an object is known from its header, so that one beyond the limit is never held. */
  #accept(size: number): boolean {
    const [current] = this.#pending;
    if (current === undefined) return false;
    current.size += size;
    const { maxOutput } = current.request;
    if (current.size <= maxOutput) return true;
    this.#end(new GitOutputTooLarge(maxOutput));
    return false;
  }

  #take(object: GitObject | undefined): void {
    const [current] = this.#pending;
    if (current === undefined) return;
    current.objects.push(object);
    if (current.objects.length < current.request.specs.length) return;
    this.isNew = false;
    this.#pending.shift();
    clearTimeout(current.deadline);
    current.resolve(current.objects);
    if (this.#pending.length === 0) this.#rest();
  }

  /** An idle child keeps no process from exiting. */
  #rest(): void {
    this.#child.keepAlive(false);
    if (this.#isRetired) this.#end(undefined);
    else this.#idle.refresh();
  }

  #end(error: unknown): void {
    this.#isEnded = true;
    clearTimeout(this.#idle);
    this.#child.kill();
    let reason = error;
    for (const pending of this.#pending.splice(0)) {
      clearTimeout(pending.deadline);
      pending.reject(reason);
      reason = new Interrupted();
    }
  }
}
