/** Figures of one process: memory, time, event loop, handles. Each process has a series of its own. */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { counter, gauge, type Family } from './families.js';

/** How finely the event loop is watched, in milliseconds. */
const RESOLUTION_MS = 20;

let delay: IntervalHistogram | undefined;

/**
 * `name` is that of the process: `main`, `worker-1`. The event loop is watched from the first call on, so that a server
 * that is not scraped does no work for it; each call covers the time since the last one.
 */
export function processFamilies(name: string): Family[] {
  const labels = { process: name };
  const one = (value: number) => [{ labels, value }];
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const handles = process.getActiveResourcesInfo().length;
  return [
    gauge('modhaven_process_resident_memory_bytes', 'Memory of the process.', one(rss)),
    gauge('modhaven_process_heap_bytes', 'JavaScript heap in use.', one(heapUsed)),
    gauge('modhaven_process_external_memory_bytes', 'Memory of buffers outside of the heap.', one(external)),
    counter('modhaven_process_cpu_seconds_total', 'Processor time used.', one((user + system) / 1e6)),
    gauge('modhaven_process_uptime_seconds', 'Time since the process started.', one(process.uptime())),
    gauge(
      'modhaven_process_active_resources',
      'Handles and requests that keep the process busy.',
      one(handles),
    ),
    gauge(
      'modhaven_process_open_files',
      'Open file descriptors; 0 where the system does not say.',
      one(openFiles()),
    ),
    lagFamily(labels),
  ];
}

function lagFamily(labels: Readonly<Record<string, string>>): Family {
  delay ??= startWatching();
  // A timer that fires on time is `RESOLUTION_MS` late by this measure.
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000) || 0;
  const values = [
    { labels: { ...labels, percentile: '50' }, value: seconds(delay.percentile(50)) },
    { labels: { ...labels, percentile: '99' }, value: seconds(delay.percentile(99)) },
    { labels: { ...labels, percentile: '100' }, value: delay.count === 0 ? 0 : seconds(delay.max) },
  ];
  delay.reset();
  return gauge(
    'modhaven_process_event_loop_lag_seconds',
    'How late the event loop was since the last scrape.',
    values,
    'max',
  );
}

function startWatching(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return histogram;
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0; // not Linux
  }
}
