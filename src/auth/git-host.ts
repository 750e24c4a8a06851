/**
 * `git_host`: the git host decides, by the caller's own login on the repository of a module.
 *
 * What it said is kept for `git_host_ttl`, yes and no alike, for the login that it was said to; of the login itself only a
 * keyed hash is kept. A host that cannot be asked says nothing: then an answer that still holds counts, else the outage is
 * thrown.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import { ModhavenError } from '../errors.js';
import { parseAuthorization, secretOf } from './login.js';
import type { Principal } from './principal.js';
import { looksLikeToken } from './tokens.js';

/** A login as a git host takes it. */
export interface HostLogin {
  username: string;
  password: string;
}

/** What a host says to a login; `refuses-login` is its 401. */
export type HostAnswer = 'may-read' | 'may-not-read' | 'refuses-login';

/** The repository that is asked about a module. */
export interface Judge {
  /** Tells repositories apart. */
  readonly key: string;
  /** The name of its host. */
  readonly host: string;
  /** Whether it is that of the module. Any other one can only tell whether a login is right. */
  readonly isOwn: boolean;
  /** Throws one of the HOST_ codes for an outage. */
  ask(login: HostLogin): Promise<HostAnswer>;
}

export interface HostRightsOptions {
  /**
   * The judge of a module, or, without one, a repository on which logins as such can be tried; undefined where no git host
   * may be asked. Rejects with one of the HOST_ codes for an outage.
   */
  judgeOf: (module: string | undefined) => Promise<Judge | undefined>;
  /** How long an answer is kept, in milliseconds. */
  ttlMs: () => number;
  /** Milliseconds of a monotonic clock. Default: that of this process. */
  now?: () => number;
}

/** What is asked: whether a login may read a module, or whether it is a login at all. */
export type HostQuestion =
  | { kind: 'module'; path: string }
  /** `proof`: whether the host must be one that tells right logins from wrong ones. */
  | { kind: 'login'; proof: boolean };

export type HostVerdict =
  /** `leftMs`: for how long that holds. */
  { kind: 'may-read' | 'may-not-read'; principal: Principal; leftMs: number } | { kind: 'refuses-login' };

const REFUSED: HostVerdict = { kind: 'refuses-login' };
/** Answers that are kept, and verdicts. */
const MAX_KEPT = 20_000;
/** Questions that may wait for a host at one time. */
const MAX_WAITING = 1_000;
/** How long it is kept whether a host tells right logins from wrong ones. */
const CONTROL_MS = 10 * 60_000;

interface Kept<T> {
  value: T;
  until: number;
}

/** What a question came to: the answer and the host that gave it. */
interface Ruling {
  answer: HostAnswer;
  host: string;
}

export class HostRights {
  readonly #options: HostRightsOptions;
  readonly #now: () => number;
  readonly #key = randomBytes(32);
  /** By question and login: rulings that do not depend on the rules. */
  readonly #rulings = new LRUCache<string, Kept<Ruling>>(atMost(MAX_KEPT));
  /** By repository and login: many modules may have one repository. */
  readonly #answers = new LRUCache<string, Kept<HostAnswer>>(atMost(MAX_KEPT));
  /** By repository: its answer to a login that does not exist. */
  readonly #controls = new LRUCache<string, Kept<HostAnswer>>({ max: 100 });
  readonly #flights = new Map<string, Promise<Kept<HostAnswer>>>();

  constructor(options: HostRightsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** At once where the answer is kept. Rejects with one of the HOST_ codes for an outage, OVERLOADED where too many wait. */
  judge(question: HostQuestion, header: string | undefined): HostVerdict | Promise<HostVerdict> {
    const login = hostLoginOf(header);
    if (login === undefined) return REFUSED;
    const id = this.#idOf(login);
    const kept = this.#kept(question, id);
    if (kept !== undefined) return this.#verdict(kept, login);
    return this.#rule(question, login, id).then((ruling) => {
      if (ruling === undefined) return REFUSED;
      this.#rulings.set(keyOf(question, id), ruling);
      return this.#verdict(ruling, login);
    });
  }

  /** What is kept of earlier answers to the login of `header`: asks no host. Undefined where a host would be asked. */
  knownTo(header: string | undefined): (question: HostQuestion) => HostVerdict | undefined {
    const login = hostLoginOf(header);
    if (login === undefined) return () => REFUSED;
    const id = this.#idOf(login);
    return (question) => {
      const kept = this.#kept(question, id);
      return kept && this.#verdict(kept, login);
    };
  }

  /** The rules have changed: another repository may be that of a module. What hosts said of repositories still holds. */
  rulesChanged(): void {
    this.#rulings.clear();
    this.#controls.clear();
  }

  #idOf({ username, password }: HostLogin): string {
    return createHmac('sha256', this.#key).update(`${username}\0${password}`).digest('base64');
  }

  #kept(question: HostQuestion, id: string): Kept<Ruling> | undefined {
    const kept = this.#rulings.get(keyOf(question, id));
    return kept !== undefined && kept.until > this.#now() ? kept : undefined;
  }

  #verdict({ value: { answer, host }, until }: Kept<Ruling>, { username }: HostLogin): HostVerdict {
    if (answer === 'refuses-login') return REFUSED;
    // The host proved this name, not we: it must not pass for a user of the same name in our own files.
    const principal: Principal = { kind: 'git-host', name: `${username}@${host}`, groups: new Set() };
    return { kind: answer, principal, leftMs: until - this.#now() };
  }

  async #rule(question: HostQuestion, login: HostLogin, id: string): Promise<Kept<Ruling> | undefined> {
    const judge = await this.#options.judgeOf(question.kind === 'module' ? question.path : undefined);
    if (judge === undefined) return undefined;
    const { value: said, until } = await this.#ask(judge, login, id);
    const rule = (answer: HostAnswer) => ({ value: { answer, host: judge.host }, until });
    if (said === 'refuses-login') return rule(said);
    if (question.kind === 'module') return rule(judge.isOwn ? said : 'may-not-read');
    const isProof = !question.proof || (await this.#refusesUnknownLogins(judge));
    return rule(isProof ? 'may-read' : 'refuses-login');
  }

  async #ask(judge: Judge, login: HostLogin, id: string): Promise<Kept<HostAnswer>> {
    const key = `${judge.key}\n${id}`;
    const kept = this.#answers.get(key);
    if (kept !== undefined && kept.until > this.#now()) return kept;
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    if (this.#flights.size >= MAX_WAITING) throw overloaded();
    const flight = this.#send(judge, login).then((answer) => {
      this.#answers.set(key, answer);
      return answer;
    });
    this.#flights.set(key, flight);
    return flight.finally(() => this.#flights.delete(key));
  }

  async #send(judge: Judge, login: HostLogin): Promise<Kept<HostAnswer>> {
    const askedAt = this.#now();
    return { value: await judge.ask(login), until: askedAt + this.#options.ttlMs() };
  }

  /** Whether a host that let a login pass would have refused a wrong one: else it proves nothing of its sender. */
  async #refusesUnknownLogins(judge: Judge): Promise<boolean> {
    let kept = this.#controls.get(judge.key);
    if (kept === undefined || kept.until <= this.#now()) {
      const unknown = { username: 'modhaven-check', password: randomBytes(16).toString('hex') };
      kept = { value: await judge.ask(unknown), until: this.#now() + CONTROL_MS };
      this.#controls.set(judge.key, kept);
    }
    return kept.value === 'refuses-login';
  }
}

function keyOf(question: HostQuestion, id: string): string {
  return `${JSON.stringify(question)}\n${id}`;
}

/** The login of a request as a git host takes it: a bearer token goes with the user name that forges take for any token. */
function hostLoginOf(header: string | undefined): HostLogin | undefined {
  const login = parseAuthorization(header);
  if (login === undefined || login === 'malformed') return undefined;
  // A git host must not see a token of ours, which may be one of another server.
  if (looksLikeToken(secretOf(login))) return undefined;
  return login.kind === 'bearer'
    ? { username: 'oauth2', password: login.token }
    : { username: login.user, password: login.password };
}

function overloaded(): ModhavenError {
  return new ModhavenError('OVERLOADED', 'too many logins wait for their git host', {
    remedy: 'try again in a moment',
  });
}
