/** What all pages have in common. */
import type { ComponentChildren, VNode } from 'preact';
import { ASSETS } from '../content/links.js';

/** What every page knows of its visitor and of the server. */
export interface PageContext {
  /** The name of the login; undefined without one. */
  name: string | undefined;
  canLogIn: boolean;
  /** How developers reach the server. */
  publicUrl: string;
  version: string;
  /** Changes when a file of the pages does. */
  assetsTag: string;
}

export interface LayoutProps {
  context: PageContext;
  title: string;
  /** What stands in the search box of the header; null: the page has a search box of its own. */
  search?: string | null;
  /** The page is loaded again after so many seconds, where no script does better. */
  reloadAfter?: number;
  /** Where a script hears of the phases of a fetch. */
  phases?: string;
  children: ComponentChildren;
}

export function Layout({ context, title, search = '', reloadAfter, phases, children }: LayoutProps): VNode {
  const asset = (name: string) => `${ASSETS}${name}?v=${context.assetsTag}`;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="stylesheet" href={asset('style.css')} />
        <link rel="icon" type="image/svg+xml" href={asset('icon.svg')} />
        <script defer src={asset('live.js')} />
        {reloadAfter !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={String(reloadAfter)} />
          </noscript>
        )}
      </head>
      <body data-phases={phases}>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Header context={context} search={search} asset={asset} />
        <main id="main" tabIndex={-1}>
          {children}
        </main>
        <Footer context={context} />
      </body>
    </html>
  );
}

function Header(props: {
  context: PageContext;
  search: string | null;
  asset: (name: string) => string;
}): VNode {
  const { context, search, asset } = props;
  return (
    <header class="top">
      <div class="wrap bar">
        <a class="brand" href="/">
          <img src={asset('icon.svg')} alt="" width={26} height={26} />
          <span>modhaven</span>
        </a>
        {search !== null && <Search words={search} />}
        <nav aria-label="Site">
          <a href="/-/modules">Modules</a>
          <a href="/#setup">Set up</a>
          {context.name !== undefined && <span class="who">{context.name}</span>}
          {context.canLogIn && <a href="/?login">Log in</a>}
        </nav>
      </div>
    </header>
  );
}

function Search({ words }: { words: string }): VNode {
  return (
    <form class="search" action="/-/modules" method="get" role="search">
      <label class="hidden" for="q">
        Search modules
      </label>
      <input
        id="q"
        name="q"
        type="search"
        value={words}
        placeholder="Search modules"
        maxLength={200}
        autocomplete="off"
        spellcheck={false}
      />
      <button type="submit">Search</button>
    </form>
  );
}

function Footer({ context }: { context: PageContext }): VNode {
  return (
    <footer class="bottom">
      <div class="wrap">
        <span>
          modhaven {context.version} at <code>{context.publicUrl}</code>
        </span>
        <span class="links">
          <a href="/-/index">Index</a>
          <a href="/-/status">Status</a>
        </span>
      </div>
    </footer>
  );
}

/** Why a list may be shorter than it will be: the store is being read, or a git host has not said what the visitor may read. */
export type Missing = 'store' | 'rights' | undefined;

export function missingOf(isStoreRead: boolean, isDecided: boolean): Missing {
  if (!isStoreRead) return 'store';
  return isDecided ? undefined : 'rights';
}

/** In words, to follow “so far”. */
export function whyMissing(missing: 'store' | 'rights'): string {
  return missing === 'store'
    ? 'the store is being read for the first time'
    : 'a git host has not said yet what else you may read';
}

/** A time as people read it, and exactly. `time` is RFC 3339. */
export function Time({ time }: { time: string | undefined }): VNode {
  if (time === undefined) return <span class="faint">–</span>;
  const shown = time.slice(0, 10);
  return (
    <time dateTime={time.replace(/(\.\d{3})\d+/, '$1')} title={time}>
      {shown}
    </time>
  );
}

/** A text to be copied. */
export function Copyable({ text, label }: { text: string; label: string }): VNode {
  return (
    <pre class="copy" tabIndex={0} role="group" aria-label={label}>
      <code>{text}</code>
    </pre>
  );
}

/** Something the reader should know; `isBad` where it needs attention. */
export function Notice({ isBad = false, children }: { isBad?: boolean; children: ComponentChildren }): VNode {
  return <div class={isBad ? 'notice bad' : 'notice'}>{children}</div>;
}

export interface PageLinksProps {
  /** Of what these are the pages, for screen readers. */
  label: string;
  /** From 1. */
  page: number;
  pages: number;
  /** Address of another page. */
  href: (page: number) => string;
  previous?: string;
  next?: string;
}

/** The way to the page before and the one after; nothing where there is one page. */
export function PageLinks(props: PageLinksProps): VNode | null {
  const { label, page, pages, href, previous = 'Previous', next = 'Next' } = props;
  if (pages <= 1) return null;
  return (
    <nav class="pages" aria-label={label}>
      {page > 1 && (
        <a rel="prev" href={href(page - 1)}>
          {previous}
        </a>
      )}
      <span>
        Page {page} of {pages}
      </span>
      {page < pages && (
        <a rel="next" href={href(page + 1)}>
          {next}
        </a>
      )}
    </nav>
  );
}

/** `1 version`, `2 versions`. */
export function counted(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}
