/** The first page: what this server is, how to use it, and what is new in it. */
import type { VNode } from 'preact';
import { formatMoment } from '../../catalog/moment.js';
import type { IndexEntry } from '../../catalog/catalog-module.js';
import type { Snippet } from '../content/setup.js';
import { moduleHref, searchHref } from '../content/links.js';
import { Copyable, Layout, Notice, Time, counted, type PageContext } from './layout.js';

export interface HomeProps {
  context: PageContext;
  shells: readonly Snippet[];
  /** Empty where no login is needed. */
  logins: readonly Snippet[];
  tools: readonly Snippet[];
  /** What is printed by the first command. */
  settings: string;
  newest: readonly IndexEntry[];
  /** Modules that the visitor may read; undefined while they are counted. */
  count: number | undefined;
  /** Rules of vanity.yaml that the visitor may see. */
  rules: readonly { prefix: string; isPattern: boolean }[];
  /** Whether there is neither a rule nor an upstream. */
  isEmpty: boolean;
  hasUpstream: boolean;
}

export function HomePage(props: HomeProps): VNode {
  const { context, count, isEmpty } = props;
  return (
    <Layout context={context} title="modhaven: Go modules" search={null}>
      <section class="hero">
        <div class="wrap">
          <h1>Go modules, in one place</h1>
          <p class="lead">
            Set one <code>GOPROXY</code> and <code>go get</code> everything: your own modules from their
            repositories{props.hasUpstream ? ', and public ones as well' : ''}.
          </p>
          <form class="search big" action="/-/modules" method="get" role="search">
            <label class="hidden" for="q2">
              Search modules by their path
            </label>
            <input
              id="q2"
              name="q"
              type="search"
              maxLength={200}
              placeholder={count === undefined ? 'Search modules' : `Search ${counted(count, 'module')}`}
              autocomplete="off"
              spellcheck={false}
            />
            <button type="submit">Search</button>
          </form>
        </div>
      </section>
      <div class="wrap">
        {isEmpty && <FirstRun />}
        <Setup {...props} />
        <div class="columns">
          <Newest {...props} />
          <Rules rules={props.rules} />
        </div>
      </div>
    </Layout>
  );
}

function FirstRun(): VNode {
  return (
    <Notice>
      <h2>Nothing is configured yet</h2>
      <p>
        This server knows no rule and has no upstream, so it answers 404 for every module. Run{' '}
        <code>modhaven init</code> on its machine, or write a rule into <code>vanity.yaml</code>; it counts
        within a second:
      </p>
      <Copyable
        label="A first rule for vanity.yaml"
        text={'host: mycompany.com\npaths:\n  /go/{name}: https://git.mycompany.com/go/{name}.git'}
      />
      <p>
        For public modules, name another proxy under <code>upstream:</code> in <code>modhaven.yaml</code>.
      </p>
    </Notice>
  );
}

function Setup({ shells, logins, tools, settings, context }: HomeProps): VNode {
  return (
    <section id="setup" aria-labelledby="setup-title">
      <h2 id="setup-title">Set up your machine</h2>
      <p>One command. It needs no login and changes nothing but the environment of your shell.</p>
      <div class="cards">
        {shells.map((snippet) => (
          <SnippetCard key={snippet.id} snippet={snippet} />
        ))}
      </div>
      <details>
        <summary>What the first command sets</summary>
        <Copyable label="Settings" text={settings.trimEnd()} />
      </details>
      {logins.length > 0 && (
        <>
          <h3>Log in</h3>
          {context.name === undefined ? (
            <p>Private modules need a login here. go reads it from a file in your home directory:</p>
          ) : (
            <p>
              You are logged in to these pages as <b>{context.name}</b>. go reads its login from a file in
              your home directory:
            </p>
          )}
          <div class="cards">
            {logins.map((snippet) => (
              <SnippetCard key={snippet.id} snippet={snippet} isBelow />
            ))}
          </div>
        </>
      )}
      <h3>For CI jobs, bots and editors</h3>
      <div class="folds">
        {tools.map((snippet) => (
          <details key={snippet.id}>
            <summary>{snippet.title}</summary>
            <SnippetBody snippet={snippet} />
          </details>
        ))}
      </div>
    </section>
  );
}

/** `isBelow`: it stands below a heading of the third level. */
function SnippetCard({ snippet, isBelow = false }: { snippet: Snippet; isBelow?: boolean }): VNode {
  return (
    <div class="card">
      {isBelow ? <h4>{snippet.title}</h4> : <h3>{snippet.title}</h3>}
      <SnippetBody snippet={snippet} />
    </div>
  );
}

function SnippetBody({ snippet }: { snippet: Snippet }): VNode {
  return (
    <>
      {snippet.file !== undefined && (
        <p class="file">
          <code>{snippet.file}</code>
        </p>
      )}
      <Copyable label={snippet.title} text={snippet.text} />
      {snippet.note !== undefined && <p class="note">{snippet.note}</p>}
    </>
  );
}

function Newest({ newest, count }: HomeProps): VNode {
  return (
    <section aria-labelledby="newest-title">
      <h2 id="newest-title">Newest versions</h2>
      {newest.length === 0 ? (
        <p class="faint">
          {count === undefined ? 'The store is being read. ' : 'Nothing was fetched yet that you may see. '}
          What developers fetch through this server appears here.
        </p>
      ) : (
        <ul class="plain rows">
          {newest.map(({ module, version, moment }) => (
            <li key={`${module}@${version}`}>
              <a href={moduleHref({ module, version })}>{module}</a>
              <span class="version">{version}</span>
              <Time time={formatMoment(moment)} />
            </li>
          ))}
        </ul>
      )}
      <p>
        <a href={searchHref('')}>All modules</a>
      </p>
    </section>
  );
}

function Rules({ rules }: Pick<HomeProps, 'rules'>): VNode | null {
  if (rules.length === 0) return null;
  return (
    <section aria-labelledby="rules-title">
      <h2 id="rules-title">Import paths of our own</h2>
      <ul class="plain rows">
        {rules.map(({ prefix, isPattern }) => (
          <li key={prefix}>
            {isPattern ? <code>{prefix}</code> : <a href={moduleHref({ module: prefix })}>{prefix}</a>}
          </li>
        ))}
      </ul>
    </section>
  );
}
