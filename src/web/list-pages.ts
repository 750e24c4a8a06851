/** The start page, the list of modules, and the index: each shows what its visitor may read. */
import type { FastifyReply } from 'fastify';
import { ModhavenError } from '../errors.js';
import { formatMoment, parseMoment, type Moment } from '../catalog/moment.js';
import type { CatalogModule } from '../catalog/catalog-module.js';
import { checkModulePath } from '../module/module-path.js';
import { loginNeeded } from '../proxy/access/refusals.js';
import type { ReadableModules, ReadableOptions } from '../proxy/gate.js';
import { loginSnippets, shellSnippets, toolSnippets } from './content/setup.js';
import { moduleHref } from './content/links.js';
import { HomePage } from './pages/home.js';
import { missingOf } from './pages/layout.js';
import { ModulesPage, type ModuleRow } from './pages/modules.js';
import { sendData, sendPage } from './send-page.js';
import { pageNumber, pageOf, type PageRequest } from './web.js';

/** How long a page waits for the first reading of the store, in milliseconds; the index, which has to be whole. */
const PAGE_TIMEOUT_MS = 1_500;
const INDEX_TIMEOUT_MS = 20_000;

const NEWEST_SHOWN = 12;
const RULES_SHOWN = 50;
const ROWS_SHOWN = 50;
const MAX_ROWS = 1_000;
const MAX_INDEX = 2_000;
const MAX_QUERY = 200;

export async function homePage(page: PageRequest): Promise<FastifyReply> {
  const { web, visitor, context, query } = page;
  if (query.has('login') && visitor.canLogIn) {
    const { refusedWith, headers, body } = loginNeeded(web.publicUrl(), 'none');
    return page.reply.code(refusedWith).headers(headers).send(body);
  }
  const isRead = await web.catalog.refresh(PAGE_TIMEOUT_MS);
  const { paths, isComplete } = await readableModules(page);
  const map = web.vanity();
  const { variables, shell, hasUpstream } = web.setup();
  const hasAuth = web.hasAuth();
  const facts = { publicUrl: web.publicUrl(), variables, hasAuth };
  return sendPage(
    page,
    HomePage({
      context,
      hasUpstream,
      settings: shell,
      shells: shellSnippets(facts),
      tools: toolSnippets(facts),
      logins: hasAuth ? loginSnippets(facts) : [],
      newest: web.catalog.newest(NEWEST_SHOWN, (path) => paths.has(path)),
      count: isRead && isComplete ? paths.size : undefined,
      rules: await visibleRules(page),
      isEmpty: map.rules.length === 0 && !hasUpstream,
    }),
  );
}

/** Whom a rule with a `{name}` concerns cannot be known: such rules are shown only where everybody may read everything. */
async function visibleRules({
  web,
  visitor,
}: PageRequest): Promise<{ prefix: string; isPattern: boolean }[]> {
  const rules = web.vanity().rules.filter(({ isPattern }) => !isPattern || !web.hasAuth());
  const { paths } = await visitor.readable(rules.map(({ prefix }) => prefix));
  return rules
    .filter(({ prefix }) => paths.has(prefix))
    .slice(0, RULES_SHOWN)
    .map(({ prefix, isPattern }) => ({ prefix, isPattern }));
}

export async function modulesPage(page: PageRequest): Promise<FastifyReply> {
  const { web, context, query } = page;
  const { accept = '' } = page.request.headers;
  const isJson = query.get('format') === 'json' || accept.startsWith('application/json');
  const words = (query.get('q') ?? '').trim().slice(0, MAX_QUERY);
  const isRead = await web.catalog.refresh(PAGE_TIMEOUT_MS);
  const { paths, isComplete } = await readableModules(page, { first: matcher(words) });
  const readable = web.catalog.all().filter(({ path }) => paths.has(path));
  const found = search(readable, words);
  const size = Math.min(MAX_ROWS, pageNumber(query.get('limit'), isJson ? MAX_ROWS : ROWS_SHOWN));
  const { items, ...counts } = pageOf(found, size, query.get('page'));
  const rows = items.map((module) => rowOf(module, web.isPrivate));
  if (isJson) {
    const modules = rows.map(({ path, newest, storedAt, versions, isPrivate }) => ({
      path,
      version: newest,
      time: storedAt,
      versions,
      private: isPrivate,
    }));
    const text = JSON.stringify({ modules, ...counts, complete: isRead && isComplete });
    return sendData(page, 'application/json; charset=utf-8', `${text}\n`);
  }
  const isPath = checkModulePath(words) === undefined && !rows.some(({ path }) => path === words);
  const elsewhere = isPath ? moduleHref({ module: words }) : undefined;
  const missing = missingOf(isRead, isComplete);
  return sendPage(page, ModulesPage({ context, query: words, rows, missing, elsewhere, ...counts }));
}

/** `GET /-/index`: lines of JSON in the format of the public index of modules. */
export async function indexLines(page: PageRequest): Promise<FastifyReply> {
  const { web, query } = page;
  const since = sinceOf(query.get('since'));
  const limit = limitOf(query.get('limit'));
  if (!(await web.catalog.refresh(INDEX_TIMEOUT_MS, true))) {
    throw new ModhavenError('OVERLOADED', 'the store is still being read for the first time', {
      remedy: 'try again in a moment',
    });
  }
  const { paths, isComplete } = await readableModules(page, { timeoutMs: INDEX_TIMEOUT_MS });
  if (!isComplete) {
    // A program that follows the index would never ask again for what is left out now.
    throw new ModhavenError('OVERLOADED', 'a git host has not said yet which modules you may read', {
      remedy: 'try again in a moment; a machine that follows the index is better off with a token and a rule',
    });
  }
  const entries = web.catalog.since(since, limit, (path) => paths.has(path));
  const lines = entries.map(({ module, version, moment }) =>
    JSON.stringify({ Path: module, Version: version, Timestamp: formatMoment(moment) }),
  );
  return sendData(page, 'text/plain; charset=utf-8', lines.map((line) => `${line}\n`).join(''));
}

function sinceOf(text: string | null): Moment {
  if (text === null || text === '') return { us: 0, ns: 0 };
  // A plus sign that was not encoded reads as a space.
  const moment = parseMoment(text.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (moment !== undefined) return moment;
  throw new ModhavenError('INVALID_PATH', `bad since: ${JSON.stringify(text.slice(0, 60))} is not a time`, {
    remedy: 'write it as in RFC 3339, such as 2026-01-31T12:00:00Z',
    remedyBy: 'caller',
  });
}

function limitOf(text: string | null): number {
  if (text === null || text === '') return MAX_INDEX;
  const limit = pageNumber(text, 0);
  if (limit > 0) return Math.min(limit, MAX_INDEX);
  throw new ModhavenError(
    'INVALID_PATH',
    `bad limit: ${JSON.stringify(text.slice(0, 60))} is not a number from 1 on`,
    {
      remedy: `at most ${MAX_INDEX} lines are given at a time`,
      remedyBy: 'caller',
    },
  );
}

/** Always of all modules, whatever is looked for: how long it takes must not tell what there is (`access/readable.ts`). */
function readableModules({ web, visitor }: PageRequest, options?: ReadableOptions): Promise<ReadableModules> {
  const paths = web.catalog.all().map(({ path }) => path);
  return visitor.readable(paths, options);
}

function wordsOf(query: string): string[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Whether a path has all of the words. */
function matcher(query: string): (path: string) => boolean {
  const words = wordsOf(query);
  return (path) => {
    const lower = path.toLowerCase();
    return words.every((word) => lower.includes(word));
  };
}

/** The modules whose path has all of the words; those that have the first in their last element come first. */
function search(modules: readonly CatalogModule[], query: string): CatalogModule[] {
  const matches = matcher(query);
  const found = modules.filter((module) => module.newest() !== undefined && matches(module.path));
  const [first] = wordsOf(query);
  if (first === undefined) return found;
  const inLast = (path: string) => path.toLowerCase().lastIndexOf(first) > path.lastIndexOf('/');
  return [...found.filter(({ path }) => inLast(path)), ...found.filter(({ path }) => !inLast(path))];
}

function rowOf(module: CatalogModule, isPrivate: (path: string) => boolean): ModuleRow {
  const newest = module.newest() ?? '';
  const moment = module.momentOf(newest);
  return {
    path: module.path,
    newest,
    versions: module.versions().length,
    storedAt: moment && formatMoment(moment),
    isPrivate: isPrivate(module.path),
  };
}
