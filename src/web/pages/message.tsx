/** Pages that say one thing: that something failed, or that a fetch takes its time. */
import type { VNode } from 'preact';
import type { Phase } from '../content/fetch-jobs.js';
import { moduleHref, phasesHref, type VersionRef } from '../content/links.js';
import { Layout, type PageContext } from './layout.js';

/** `lines` are those of an error text: what failed, why, what to do. */
export function ErrorPage(props: { context: PageContext; status: number; lines: readonly string[] }): VNode {
  const { context, status, lines } = props;
  const [what = 'something failed', ...more] = lines;
  return (
    <Layout context={context} title={`${what.slice(0, 80)} · modhaven`}>
      <div class="wrap narrow">
        <p class="status">{status}</p>
        <h1 class="sentence">{what}</h1>
        {more.map((line) => (
          <p key={line} class="why">
            {line}
          </p>
        ))}
        <p>
          <a href="/">Start page</a> · <a href="/-/modules">All modules</a>
        </p>
      </div>
    </Layout>
  );
}

export function FetchingPage(props: {
  context: PageContext;
  target: VersionRef;
  phases: readonly Phase[];
}): VNode {
  const { context, target, phases } = props;
  const { module, version } = target;
  return (
    <Layout
      context={context}
      title={`Fetching ${module} · modhaven`}
      reloadAfter={2}
      phases={phasesHref(target)}
    >
      <div class="wrap narrow">
        <h1 class="sentence">
          Fetching {module}
          {version === undefined ? '' : ` ${version}`}
        </h1>
        <p>It is being fetched from its origin, and shown here as soon as it has come.</p>
        <ol class="phases" id="phases" aria-live="polite">
          {phases.map(({ name, ms, failed }, i) => (
            <li key={i} class={ms === undefined ? 'running' : failed ? 'failed' : 'done'}>
              {name} <span class="faint">{ms === undefined ? 'running' : `${ms} ms`}</span>
            </li>
          ))}
        </ol>
        <p>
          <a href={moduleHref(target)}>Look again</a>
        </p>
      </div>
    </Layout>
  );
}
