/** The page of one version of a module: what stands on every tab. */
import type { ComponentChildren, VNode } from 'preact';
import type { VersionRow } from '../content/module-view.js';
import { moduleHref } from '../content/links.js';
import { Copyable, Layout, Notice, Time, type PageContext } from './layout.js';
import { sizeText } from '../../size-text.js';

export const TABS = ['readme', 'versions', 'files', 'mod', 'imports', 'diff'] as const;
export type Tab = (typeof TABS)[number];

const TAB_NAMES: Record<Tab, string> = {
  readme: 'README',
  versions: 'Versions',
  files: 'Files',
  mod: 'go.mod',
  imports: 'Imports',
  diff: 'Changes',
};

/** What stands around every tab. */
export interface ModuleFacts {
  module: string;
  version: string;
  row: VersionRow;
  isLatest: boolean;
  latest: string | undefined;
  isStale: boolean;
  deprecated: string | undefined;
  isPrivate: boolean;
  /** The rule of vanity.yaml that serves it, and its repository; undefined for public modules. */
  rule: { key: string; repository: string | undefined; subdir: string } | undefined;
  origin: { url: string; subdir: string | undefined } | undefined;
  go: string | undefined;
  licences: readonly { file: string; name: string | undefined }[];
  /** Of the zip, in bytes. */
  zipSize: number | undefined;
  versionCount: number;
  docs: string | undefined;
  /** Why there are no files; undefined if there are. */
  zipError: string | undefined;
}

export interface ModulePageProps {
  context: PageContext;
  facts: ModuleFacts;
  tab: Tab;
  children: ComponentChildren;
}

export function ModulePage({ context, facts, tab, children }: ModulePageProps): VNode {
  const { module, version } = facts;
  return (
    <Layout context={context} title={`${module} ${version} · modhaven`}>
      <div class="head">
        <div class="wrap">
          <Crumbs module={module} />
          <h1 class="path">{module}</h1>
          <Badges facts={facts} />
          <nav class="tabs" aria-label="Parts of this page">
            {TABS.map((name) => (
              <a key={name} href={tabHref(facts, name)} aria-current={name === tab ? 'page' : undefined}>
                {TAB_NAMES[name]}
                {name === 'versions' && <span class="count">{facts.versionCount}</span>}
              </a>
            ))}
          </nav>
        </div>
      </div>
      <div class="wrap">
        <Warnings facts={facts} />
        <div class="with-side">
          <Use facts={facts} />
          <div class="content">{children}</div>
          <Facts facts={facts} />
        </div>
      </div>
    </Layout>
  );
}

function tabHref({ module, version }: ModuleFacts, tab: Tab): string {
  return moduleHref({ module, version }, tab === 'readme' ? {} : { tab });
}

function Crumbs({ module }: { module: string }): VNode {
  const elements = module.split('/');
  return (
    <p class="crumbs">
      {elements.slice(0, -1).map((element, i) => {
        const path = elements.slice(0, i + 1).join('/');
        return (
          <span key={path}>
            <a href={`/-/modules?${new URLSearchParams({ q: `${path}/` }).toString()}`}>{element}</a>
            <span aria-hidden="true"> / </span>
          </span>
        );
      })}
      <span>{elements.at(-1)}</span>
    </p>
  );
}

function Badges({ facts }: { facts: ModuleFacts }): VNode {
  const { row, isLatest, latest, module, isPrivate } = facts;
  return (
    <p class="badges">
      <span class="version">{facts.version}</span>
      {isLatest && <span class="tag good">latest</span>}
      {!isLatest && latest !== undefined && (
        <a class="tag" href={moduleHref({ module, version: latest })}>
          latest is {latest}
        </a>
      )}
      <VersionTags row={row} />
      {facts.deprecated !== undefined && <span class="tag bad">deprecated</span>}
      <span class="tag">{isPrivate ? 'private' : 'public'}</span>
      {facts.licences.map(({ file, name }) => (
        <a
          key={file}
          class="tag"
          href={moduleHref({ module, version: facts.version }, { tab: 'files', file })}
        >
          {name ?? file}
        </a>
      ))}
    </p>
  );
}

/** The first requester of a version, where the visitor may know it. */
export function FetchedBy({ row: { fetchedBy } }: { row: VersionRow }): VNode | null {
  if (fetchedBy === undefined) return null;
  return (
    <span class="by">
      {fetchedBy.kind === 'server'
        ? 'by modhaven itself'
        : `${fetchedBy.kind === 'user' ? 'by' : 'from'} ${fetchedBy.name}`}
    </span>
  );
}

/** Marks of a version. */
export function VersionTags({ row }: { row: VersionRow }): VNode {
  return (
    <>
      {row.retracted !== undefined && <span class="tag bad">retracted</span>}
      {row.isPrerelease && <span class="tag warn">pre-release</span>}
      {row.isPseudo && <span class="tag warn">not a release</span>}
    </>
  );
}

function Warnings({ facts }: { facts: ModuleFacts }): VNode {
  const { row, deprecated, isStale, zipError } = facts;
  return (
    <>
      {row.retracted !== undefined && (
        <Notice isBad>
          <b>This version was retracted</b> by its author{row.retracted === '' ? '.' : `: ${row.retracted}`}
        </Notice>
      )}
      {deprecated !== undefined && (
        <Notice isBad>
          <b>This module is deprecated</b>
          {deprecated === '' ? '.' : `: ${deprecated}`}
        </Notice>
      )}
      {isStale && (
        <Notice>The origin of this module cannot be asked now; this is what was known of it last.</Notice>
      )}
      {zipError !== undefined && (
        <Notice isBad>
          <b>The files of this version cannot be shown.</b> <span class="lines">{zipError}</span>
        </Notice>
      )}
    </>
  );
}

function Use({ facts: { module, version, docs } }: { facts: ModuleFacts }): VNode {
  return (
    <div class="use">
      <Copyable label="Command to use this version" text={`go get ${module}@${version}`} />
      {docs !== undefined && (
        <p>
          <a class="button" href={docs} rel="noopener noreferrer">
            Documentation
          </a>
        </p>
      )}
    </div>
  );
}

function Facts({ facts }: { facts: ModuleFacts }): VNode {
  const { row, rule, origin } = facts;
  return (
    <aside class="side" aria-label="Facts about this version">
      <h2 class="hidden">Facts about this version</h2>
      <dl>
        <dt>Committed</dt>
        <dd>
          <Time time={row.time} />
        </dd>
        <dt>Fetched here</dt>
        <dd>
          <Time time={row.storedAt} />
          <FetchedBy row={row} />
        </dd>
        <Fact name="Tag">{row.tag}</Fact>
        <Fact name="Commit">
          {row.commit !== undefined && (
            <code class="hash" title={row.commit}>
              {row.commit.slice(0, 12)}
            </code>
          )}
        </Fact>
        <Fact name="Repository">{origin?.url}</Fact>
        <Fact name="Directory">{origin?.subdir}</Fact>
        <Fact name="Go">{facts.go}</Fact>
        <Fact name="Size">{facts.zipSize !== undefined && `${sizeText(facts.zipSize)} (zip)`}</Fact>
        {rule === undefined ? (
          <Fact name="Served">{facts.isPrivate ? undefined : 'passed through from the upstream'}</Fact>
        ) : (
          <Fact name="Rule">
            <code>{rule.key}</code>
            {rule.repository !== undefined && rule.repository !== origin?.url && (
              <>
                {' → '}
                <span>{rule.repository}</span>
              </>
            )}
          </Fact>
        )}
      </dl>
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): VNode | null {
  if (children === undefined || children === false || children === '') return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
