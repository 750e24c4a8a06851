/**
 * Reads objects of mirrors through a few `git cat-file --batch` children that live on between questions: starting git
 * costs more than most answers.
 *
 * One child serves one repository, question after question. Children of a repository that was made anew, or that were
 * idle for a while, are ended; so is the one idle longest where too many run. A child that dies over a question is
 * replaced once: what it knew may have changed under it (a pack that was removed or damaged). A new one that dies says
 * why.
 */
import { LRUCache } from 'lru-cache';
import { converse, GitFailure, GitOutputTooLarge } from '../transport/git-exec.js';
import { createObjectParser, type GitObject } from './object-stream.js';

export type { GitObject } from './object-stream.js';

export interface ObjectQuestion {
  dir: string;
  /** Tells the repository from one made anew in its place. */
  identity: string;
  env: Record<string, string>;
  /** Names of objects as git reads them, without line breaks. */
  specs: readonly string[];
  timeoutMs: number;
  /** Bytes of all answers together. */
  maxOutput: number;
}

/** Children that may live at once, busy or not; a child beyond them ends with its answer. */
const MAX_CHILDREN = 8;

const IDLE_MS = 5_000;

interface Reader {
  identity: string;
  ask(question: ObjectQuestion): Promise<(GitObject | undefined)[]>;
  /** Whether it never answered yet: then its failure is no matter of age. */
  isNew(): boolean;
  isOver(): boolean;
  /** Ends it once it has answered what it was asked. */
  retire(): void;
}

/** For the whole process, because what they bound is its children. */
const readers = new LRUCache<string, Reader>({
  max: MAX_CHILDREN,
  dispose: (reader) => reader.retire(),
});

/**
 * The objects that `question.specs` name, in their order; undefined where there is none. Throws `GitFailure`, or
 * `GitOutputTooLarge` beyond `maxOutput`.
 */
export async function readObjects(question: ObjectQuestion): Promise<(GitObject | undefined)[]> {
  if (question.specs.length === 0) return [];
  const reader = readerFor(question);
  const wasNew = reader.isNew();
  try {
    return await reader.ask(question);
  } catch (error) {
    if (error instanceof Interrupted) return readObjects(question);
    if (wasNew || !(error instanceof GitFailure) || error.timedOut) throw error;
    return readerFor(question).ask(question);
  }
}

/** The child ended over the question of somebody else. */
class Interrupted extends Error {}

function readerFor(question: ObjectQuestion): Reader {
  const found = readers.get(question.dir);
  if (found?.identity === question.identity && !found.isOver()) return found;
  const reader = startReader(question);
  readers.set(question.dir, reader);
  return reader;
}

interface Asked {
  question: ObjectQuestion;
  answers: (GitObject | undefined)[];
  size: number;
  deadline: NodeJS.Timeout;
  resolve(answers: (GitObject | undefined)[]): void;
  reject(error: unknown): void;
}

function startReader({ dir, identity, env }: ObjectQuestion): Reader {
  const child = converse({ args: ['cat-file', '--batch'], cwd: dir, env });
  const waiting: Asked[] = [];
  let answered = false;
  let over = false;
  let retired = false;
  const idle = setTimeout(retire, IDLE_MS).unref();

  const parser = createObjectParser({
    // Known from its header, so that an object that nobody may hold is never held.
    accept(size) {
      const [asked] = waiting;
      if (asked === undefined) return;
      asked.size += size;
      if (asked.size > asked.question.maxOutput) end(new GitOutputTooLarge(asked.question.maxOutput));
    },
    object(object) {
      const [asked] = waiting;
      if (asked === undefined) return;
      asked.answers.push(object);
      if (asked.answers.length < asked.question.specs.length) return;
      answered = true;
      waiting.shift();
      clearTimeout(asked.deadline);
      asked.resolve(asked.answers);
      rest();
    },
  });

  /** An idle child keeps nobody from exiting. */
  function rest(): void {
    if (waiting.length > 0) return;
    child.keepAlive(false);
    if (retired) end(undefined);
    else idle.refresh();
  }

  function retire(): void {
    retired = true;
    if (waiting.length === 0) end(undefined);
  }

  function end(error: unknown): void {
    over = true;
    clearTimeout(idle);
    child.kill();
    let reason = error;
    for (const asked of waiting.splice(0)) {
      clearTimeout(asked.deadline);
      asked.reject(reason);
      reason = new Interrupted();
    }
  }

  child.stdin.on('error', () => undefined); // its end tells why it stopped reading
  child.stdout.on('data', (piece: Buffer) => {
    if (!over) parser.push(piece);
  });
  child.ended.then(
    () => end(new GitFailure('cat-file', 0, 'git cat-file ended before it answered')),
    (error: unknown) => {
      if (!over) end(error);
    },
  );

  return {
    identity,
    isNew: () => !answered,
    isOver: () => over || retired,
    retire,
    ask: (question) =>
      new Promise((resolve, reject) => {
        const deadline = setTimeout(
          () => end(new GitFailure('cat-file', undefined, '', true)),
          question.timeoutMs,
        );
        child.keepAlive(true);
        waiting.push({ question, answers: [], size: 0, deadline, resolve, reject });
        child.stdin.write(question.specs.map((spec) => `${spec}\n`).join(''));
      }),
  };
}
