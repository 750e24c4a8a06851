/**
 * Users and their groups: the file that `htpasswd -B` writes (`name:bcrypt hash` lines, Apache HTTP Server, "Password
 * Formats"), and a file of `user: group, group` lines.
 *
 * Only bcrypt is taken: every other format of that file can be guessed at billions a second. A bcrypt hash takes tens of
 * milliseconds on purpose, so it is computed off the event loop, a few at a time, and what was found is remembered for as
 * long as the files stay as they are.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type Bcrypt from 'bcrypt';
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import { FairQueue } from '../concurrency/fair-queue.js';
import { ModhavenError } from '../errors.js';

/** Users by name. */
export type Users = ReadonlyMap<string, { hash: string; line: number }>;

/** Groups by user name. */
export type Groups = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads an htpasswd file. Throws CONFIG, `FILE:LINE:1: sentence`, one problem a line. */
export function parseHtpasswd(text: string, file: string): Users {
  const users = new Map<string, { hash: string; line: number }>();
  const problems: string[] = [];
  for (const [line, content] of numberedLines(text)) {
    const complain = (message: string): unknown => problems.push(`${file}:${line}:1: ${message}`);
    const [, name = '', hash = ''] = /^([^:]*):(.*)$/.exec(content) ?? [];
    if (name === '') {
      complain('expected NAME:HASH, as "htpasswd -B" writes it');
    } else if (!BCRYPT.test(hash)) {
      complain(`the password of ${name} is not hashed by bcrypt; set it anew with "htpasswd -B"`);
    } else if (users.has(name)) {
      complain(`the user ${name} is already on line ${users.get(name)?.line ?? 0}`);
    } else {
      users.set(name, { hash: hash.replace(/^\$2[xy]\$/, '$2b$'), line });
    }
    if (problems.length > MAX_PROBLEMS) break;
  }
  complainOf(problems, file);
  return users;
}

/** Reads a groups file. Throws CONFIG, `FILE:LINE:1: sentence`, one problem a line. */
export function parseGroups(text: string, file: string): Groups {
  const groups = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const [line, content] of numberedLines(text)) {
    const [, user, list] = /^([^:]+):(.*)$/.exec(content) ?? [];
    if (user === undefined || list === undefined) {
      problems.push(`${file}:${line}:1: expected USER: GROUP, GROUP`);
      continue;
    }
    const names = list.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
    const known = groups.get(user.trim()) ?? new Set<string>();
    for (const name of names) known.add(name);
    groups.set(user.trim(), known);
    if (problems.length > MAX_PROBLEMS) break;
  }
  complainOf(problems, file);
  return groups;
}

/** Checks passwords of one state of an htpasswd file. */
export class PasswordChecker {
  readonly #users: Users;
  /** Keyed by a keyed hash, so that a dump of the memory shows no password. */
  readonly #known = new LRUCache<string, boolean>(atMost(MAX_KNOWN));
  readonly #key = randomBytes(32);
  readonly #running = new Map<string, Promise<boolean>>();
  /** A hash at the cost of this file, for unknown users; undefined where there are no users. */
  readonly #decoy: string | undefined;

  constructor(users: Users) {
    this.#users = users;
    this.#decoy = commonestCost([...users.values()].map(({ hash }) => hash));
  }

  /**
   * Whether `password` is that of `user`. An unknown user takes as long as a wrong password. Clients take turns, so that one that
   * guesses keeps no other one waiting. Rejects with OVERLOADED if too many logins wait.
   */
  async check(user: string, password: string, client = ''): Promise<boolean> {
    // bcrypt reads 72 bytes and ignores the rest; a longer password would match by its beginning.
    if (Buffer.byteLength(password) > MAX_PASSWORD || password.includes('\0')) return false;
    const id = createHmac('sha256', this.#key).update(`${user}\0${password}`).digest('base64');
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const running = this.#running.get(id);
    if (running !== undefined) return running;
    const found = this.#compare(user, password, client)
      .then((isRight) => {
        this.#known.set(id, isRight);
        return isRight;
      })
      .finally(() => this.#running.delete(id));
    this.#running.set(id, found);
    return found;
  }

  async #compare(user: string, password: string, client: string): Promise<boolean> {
    const entry = this.#users.get(user);
    const end = await turn(client);
    try {
      const bcrypt = await loadBcrypt();
      const isRight = await bcrypt.compare(password, entry?.hash ?? this.#decoy ?? (await hashOfNobody()));
      return isRight && entry !== undefined;
    } finally {
      end();
    }
  }
}

/** Resolves when `client` may have a hash computed, with what ends its turn. */
async function turn(client: string): Promise<() => void> {
  const ofClient = waiting.get(client) ?? 0;
  if (ofClient >= MAX_WAITING_OF_CLIENT || waiting.size >= MAX_WAITING_CLIENTS) {
    throw new ModhavenError('OVERLOADED', 'too many logins wait to be checked', {
      remedy: 'try again in a moment',
    });
  }
  waiting.set(client, ofClient + 1);
  const end = await new Promise<() => void>((resolve) => void queue.enter('', client, resolve));
  const left = (waiting.get(client) ?? 1) - 1;
  if (left === 0) waiting.delete(client);
  else waiting.set(client, left);
  return end;
}

/** One of the hashes that have the commonest cost. */
function commonestCost(hashes: readonly string[]): string | undefined {
  const byCost = new Map<string, string[]>();
  for (const hash of hashes) {
    const cost = hash.slice(4, 6);
    byCost.set(cost, [...(byCost.get(cost) ?? []), hash]);
  }
  const [commonest] = [...byCost.values()].sort((one, other) => other.length - one.length);
  return commonest?.[0];
}

const BCRYPT = /^\$2[abxy]\$(?:0[4-9]|1[0-9]|2[0-9]|3[01])\$[./A-Za-z0-9]{53}$/;
let dummyHash: Promise<string> | undefined;

/** A hash that no password has, for a file without users. */
function hashOfNobody(): Promise<string> {
  dummyHash ??= loadBcrypt().then((bcrypt) => bcrypt.hash(randomBytes(32).toString('base64'), 10));
  return dummyHash;
}

/** Loaded with the first password: most servers know no users. */
async function loadBcrypt(): Promise<typeof Bcrypt> {
  return (await import('bcrypt')).default;
}
/** The most that bcrypt reads of a password, in bytes. */
const MAX_PASSWORD = 72;
const MAX_KNOWN = 10_000;
/** Hashes that are computed at one time. More would keep the threads from reading files. */
const CONCURRENT = 2;
const queue = new FairQueue({ total: () => CONCURRENT, perHost: () => CONCURRENT });
/** Logins that wait for their turn, by client. */
const waiting = new Map<string, number>();
const MAX_WAITING_OF_CLIENT = 100;
const MAX_WAITING_CLIENTS = 1_000;

/** Lines that say something, with their numbers from 1 on. One after the other: a file may be millions of line breaks. */
function* numberedLines(text: string): Generator<[line: number, content: string]> {
  for (let at = 0, line = 1; at < text.length; line += 1) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    const content = end === at ? '' : text.slice(at, end).trim();
    if (content !== '' && !content.startsWith('#')) yield [line, content];
    at = end + 1;
  }
}

/** Problems that are told of one file: another file in its place has one in each line. */
const MAX_PROBLEMS = 20;

/** Throws CONFIG if there are `problems` in `file`. */
function complainOf(problems: readonly string[], file: string): void {
  if (problems.length === 0) return;
  const more = problems.length > MAX_PROBLEMS ? [`${file}: and more`] : [];
  throw new ModhavenError('CONFIG', [...problems.slice(0, MAX_PROBLEMS), ...more].join('\n'));
}
