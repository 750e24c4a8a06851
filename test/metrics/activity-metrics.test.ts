import { expect, it } from 'vitest';
import { createActivityMetrics } from '../../src/metrics/activity-metrics.js';
import type { Activity } from '../../src/observe/events.js';

/** `name{a=b,c=d}` of each series, with its value. */
function figures(metrics: ReturnType<typeof createActivityMetrics>): Map<string, number> {
  return new Map(
    metrics.families().flatMap(({ name, values }) =>
      values.map(({ metricName = name, labels, value }) => {
        const texts = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
        return [`${metricName}{${texts.join(',')}}`, value] as const;
      }),
    ),
  );
}

const ended = (activity: Activity, failure?: string) => ({ id: 1, at: 0, activity, ms: 20, failure });

it('counts fetches by source, kind and how they ended, a fact apart from a failure', () => {
  const metrics = createActivityMetrics();
  const fetch = {
    type: 'fetch',
    source: 'git',
    kind: 'zip',
    module: 'corp.test/lib',
    query: 'v1.0.0',
  } as const;
  metrics.ended?.(ended(fetch));
  metrics.ended?.(ended(fetch, 'VERSION_NOT_FOUND'));
  metrics.ended?.(ended(fetch, 'HOST_TIMEOUT'));
  const found = figures(metrics);
  for (const outcome of ['ok', 'not_found', 'failed']) {
    expect(found.get(`modhaven_fetch_duration_seconds_count{source=git,kind=zip,outcome=${outcome}}`)).toBe(
      1,
    );
  }
});

it('knows which hosts are up: one that refuses a login is', () => {
  const metrics = createActivityMetrics();
  metrics.ended?.(ended({ type: 'host', host: 'a.test' }, 'HOST_REFUSED'));
  metrics.ended?.(ended({ type: 'host', host: 'b.test:22' }, 'HOST_UNREACHABLE'));
  metrics.ended?.(ended({ type: 'upstream', host: 'c.test', path: '/x' }));
  const found = figures(metrics);
  expect(found.get('modhaven_host_up{host=a.test}')).toBe(1);
  expect(found.get('modhaven_host_up{host=b.test:22}')).toBe(0);
  expect(found.get('modhaven_host_up{host=c.test}')).toBe(1);
  expect(found.get('modhaven_fetch_phase_duration_seconds_count{phase=host,host=b.test:22}')).toBe(1);
});

it('counts what runs, what waits, and what was shared', () => {
  const metrics = createActivityMetrics();
  const queue: Activity = { type: 'queue', host: 'a.test' };
  metrics.began?.({ id: 1, at: 0, activity: queue });
  metrics.began?.({ id: 2, at: 0, activity: queue });
  expect(figures(metrics).get('modhaven_activities_running{type=queue}')).toBe(2);
  metrics.ended?.(ended(queue));
  metrics.ended?.(ended({ type: 'wait', key: 'corp.test/lib/@v/v1.0.0.zip' }));
  const found = figures(metrics);
  expect(found.get('modhaven_activities_running{type=queue}')).toBe(1);
  expect(found.get('modhaven_singleflight_shared_total{}')).toBe(1);
});

it('shows commands of git, and nothing that only looks like one', () => {
  const metrics = createActivityMetrics();
  metrics.ended?.(ended({ type: 'git', command: 'ls-refs', repository: undefined }));
  metrics.ended?.(ended({ type: 'git', command: 'http://x', repository: undefined }, 'GitFailure'));
  const found = figures(metrics);
  expect(found.get('modhaven_git_commands_total{command=ls-refs,outcome=ok}')).toBe(1);
  expect(found.get('modhaven_git_commands_total{command=other,outcome=failed}')).toBe(1);
});

it('counts what happened', () => {
  const metrics = createActivityMetrics();
  metrics.occurred?.({ type: 'reload', file: 'vanity', failed: true });
  const removed = { leftovers: 1, mirrors: 0, versions: 2, answers: 30 };
  metrics.occurred?.({ type: 'gc', removed, freedBytes: 70, failed: false });
  metrics.occurred?.({ type: 'drift', module: 'corp.test/lib' });
  metrics.occurred?.({ type: 'moved-tag', module: 'corp.test/lib', version: 'v1.0.0' });
  metrics.occurred?.({ type: 'refused-content', module: 'corp.test/lib', version: 'v1.0.0' });
  const found = figures(metrics);
  expect(found.get('modhaven_reloads_total{file=vanity,outcome=failed}')).toBe(1);
  expect(found.get('modhaven_gc_runs_total{outcome=ok}')).toBe(1);
  expect(found.get('modhaven_gc_freed_bytes_total{}')).toBe(70);
  for (const [kind, count] of Object.entries(removed)) {
    expect(found.get(`modhaven_gc_removed_total{kind=${kind}}`)).toBe(count);
  }
  for (const name of ['drift', 'moved_tags', 'refused_content']) {
    expect(found.get(`modhaven_${name}_total{}`)).toBe(1);
  }
});
