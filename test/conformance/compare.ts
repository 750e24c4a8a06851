/**
 * What modhaven answers about a case, by raw requests and to a real `go`, beside what it should answer.
 *
 * Both sides are made into the same plain data, so that a test is one `toEqual` whose diff can be read:
 *
 *     http: { 'example.com/a@v1.0.0': { Version, Time, Origin, GoModSum, Sum } or 'refused' }
 *           { 'example.com/a': [versions] or 'refused' }
 *     go:   the same, of what `go mod download` and `go list` print with GOPROXY=modhaven
 *
 * `refused` is a 404 or 410 (400 for what is malformed) with a reason in plain text, or go's exit with an error.
 * Where only a part is refused (a zip that breaks a rule), only that part says so.
 */
import { zipHash, goModHash } from './module-hash.js';
import { takeTruth, type Limit } from './truth.js';
import type { Built, CaseTruth, ConformanceCase, KnownDifference, ListTruth, QueryTruth } from './types.js';

/** Answers by subject: a query or the module of a list. */
export type Answers = Record<string, unknown>;

export interface Comparison {
  http: Answers;
  go: Answers;
}

/** What a case asks, with the queries that are asked for every list. */
export interface Questions {
  queries: readonly string[];
  lists: readonly string[];
}

/** What `testCase` asks. */
export function questionsOf({ queries, lists }: ConformanceCase, built: Built): Questions {
  const asked = typeof queries === 'function' ? queries(built) : queries;
  return { queries: [...new Set([...asked, ...lists.map((module) => `${module}@latest`)])], lists };
}

const REFUSED = 'refused';

/** What `expected` says of these questions alone, where a go is asked fewer than there are. */
export function onlyOf({ http, go }: Comparison, { queries, lists }: Questions): Comparison {
  return { http, go: Object.fromEntries([...queries, ...lists].map((subject) => [subject, go[subject]])) };
}

/** What modhaven should answer. */
export function expectedAnswers(truth: CaseTruth, known: readonly KnownDifference[]): Comparison {
  const expected: Comparison = { http: {}, go: {} };
  for (const [query, answer] of Object.entries(truth.queries)) {
    expected.http[query] = httpQueryAnswer(query, answer);
    expected.go[query] = hasSlash(query) ? REFUSED : goQueryAnswer(query, queryAnswer(answer));
  }
  for (const [module, answer] of Object.entries(truth.lists)) {
    const exists = isModule(answer, truth.queries[`${module}@latest`]);
    expected.http[module] = exists ? [...(answer.Versions ?? [])].sort() : REFUSED;
    expected.go[module] = exists ? listAnswer(answer) : REFUSED;
  }
  for (const { subject, of, is, reason } of known) {
    const usual = expected[of][subject];
    const different = isObject(usual) && isObject(is) ? { ...usual, ...is } : is;
    if (JSON.stringify(usual) === JSON.stringify(different)) {
      throw new Error(`${subject} does not differ any more: ${reason}`);
    }
    expected[of][subject] = different;
  }
  return expected;
}

/** What modhaven does answer: to raw requests, and to a go that asks `goQuestions` of it. */
export async function actualAnswers(
  questions: Questions,
  goQuestions: Questions,
  url: string,
  limit: Limit,
): Promise<Comparison> {
  const http = await httpAnswers(questions, url, limit);
  const behind = await takeTruth(goQuestions, { GOPROXY: url }, limit);
  const go: Answers = {};
  for (const [query, answer] of Object.entries(behind.queries)) {
    go[query] = goQueryAnswer(query, queryAnswer(answer));
  }
  for (const [module, answer] of Object.entries(behind.lists)) go[module] = listAnswer(answer);
  return { http, go };
}

/** What it answers to raw requests, put in the order of `questions`, as many at once as `limit` allows. */
export async function httpAnswers(questions: Questions, url: string, limit: Limit): Promise<Answers> {
  const asked = questions.queries.map(async (query) =>
    isAskedByHttp(query) ? limit(async () => askQuery(url, query)) : undefined,
  );
  const listed = questions.lists.map(async (module) => limit(async () => askList(url, module)));
  const subjects = [...questions.queries, ...questions.lists];
  const answers = await Promise.all([...asked, ...listed]);
  return Object.fromEntries(subjects.map((subject, i) => [subject, answers[i]]));
}

function queryAnswer({ Version, Time, Origin, GoModSum = REFUSED, Sum = REFUSED }: QueryTruth): unknown {
  return Version === undefined ? REFUSED : { Version, Time, Origin, GoModSum, Sum };
}

function httpQueryAnswer(query: string, answer: QueryTruth): unknown {
  if (!isAskedByHttp(query)) return undefined;
  return isSecondTry(query, answer) ? REFUSED : queryAnswer(answer);
}

/** For `v1.2.3+other` that is not a tag, go asks for `v1.2.3` next; so the first question needs a refusal. */
function isSecondTry(query: string, { Origin }: QueryTruth): boolean {
  const [, version] = splitQuery(query);
  if (!/^v.*\+/.test(version) || version.endsWith('+incompatible')) return false;
  const ref = Origin?.Ref;
  return typeof ref !== 'string' || !ref.endsWith(version);
}

/**
 * Of a choice that go makes from a list, a proxy has no say in what the choice depended on: `@v/list` has no Origin.
 */
function goQueryAnswer(query: string, answer: unknown): unknown {
  if (!isObject(answer) || !isChoice(query)) return answer;
  return { ...answer, Origin: undefined };
}

function listAnswer({ Versions, Unretracted }: ListTruth): unknown {
  return Versions === undefined ? REFUSED : { Versions, Unretracted };
}

/**
 * Direct mode lists no versions, without an error, for every path below a repository's root. A proxy has to tell a
 * module without versions from a path that is none, because go asks it about every prefix of an import path.
 */
function isModule({ Versions }: ListTruth, latest: QueryTruth | undefined): boolean {
  return Versions !== undefined && (Versions.length > 0 || latest?.Version !== undefined);
}

async function askQuery(url: string, query: string): Promise<unknown> {
  const [module, version] = splitQuery(query);
  const base = `${url}/${escaped(module)}`;
  const info = await get(version === 'latest' ? `${base}/@latest` : `${base}/@v/${escaped(version)}.info`);
  if (!(info instanceof Buffer)) return info;
  const answer = JSON.parse(info.toString()) as { Version: string; Time: string; Origin?: unknown };
  const file = `${base}/@v/${escaped(answer.Version)}`;
  const canonical = await get(`${file}.info`);
  if (!(canonical instanceof Buffer)) return { ...answer, canonical };
  const again = JSON.parse(canonical.toString()) as typeof answer;
  if (again.Version !== answer.Version || again.Time !== answer.Time) return { ...answer, canonical: again };
  const mod = await get(`${file}.mod`);
  const zip = await get(`${file}.zip`);
  return {
    ...answer,
    GoModSum: mod instanceof Buffer ? goModHash(mod) : mod,
    Sum: zip instanceof Buffer ? await zipHash(zip) : zip,
  };
}

async function askList(url: string, module: string): Promise<unknown> {
  const body = await get(`${url}/${escaped(module)}/@v/list`);
  return body instanceof Buffer ? body.toString().split('\n').slice(0, -1).sort() : body;
}

/** The body of a 200; `refused` for a proper refusal; the status and the text of anything else. */
async function get(url: string): Promise<Buffer | string> {
  const response = await fetch(url);
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status === 200) return body;
  const text = body.toString();
  const type = response.headers.get('content-type') ?? '';
  // What go would show to the developer: anything else it drops (cmd/go, web.HTTPError).
  const isShown = type === 'text/plain; charset=utf-8' && /^[^\p{Cc}]+(\n[^\p{Cc}]+)*\n$/u.test(text);
  if ([400, 404, 410].includes(response.status) && isShown && body.length <= 600) return REFUSED;
  return `HTTP ${response.status}, ${type}: ${text}`;
}

function splitQuery(query: string): [module: string, version: string] {
  const at = query.indexOf('@');
  return [query.slice(0, at), query.slice(at + 1)];
}

/** Questions that go keeps to itself (`<v2`, `patch`) or refuses to ask are not questions to a proxy. */
function isAskedByHttp(query: string): boolean {
  const [, version] = splitQuery(query);
  return !hasSlash(query) && !/[<>]/.test(version) && version !== 'patch';
}

/** No version that goes to a proxy may hold a slash: go refuses `feature/x` by itself, although direct mode has it. */
function hasSlash(query: string): boolean {
  return splitQuery(query)[1].includes('/');
}

/** Whether go chooses among the list, instead of asking for one revision. */
function isChoice(query: string): boolean {
  return /^([<>].*|latest|upgrade|patch|v\d+(\.\d+)?)$/.test(splitQuery(query)[1]);
}

/** As in URLs of the protocol: `!a` for `A`, and percent-encoding for what is left. */
function escaped(path: string): string {
  return encodeURI(path.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)).replace(
    /[?#]/g,
    encodeURIComponent,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
