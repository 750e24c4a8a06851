/** What the process that fetches does: its fetches and their phases, its git hosts, alarms. */
import { FACTS } from '../errors.js';
import type { Activity, Ended, Occurrence, ProcessObserver } from '../observe/events.js';
import { BoundedNames } from './bounded-names.js';
import { Counter, Histogram, gauge, type Family, type Sample } from './families.js';

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export interface ActivityMetrics extends ProcessObserver {
  families(): Family[];
}

export function createActivityMetrics(): ActivityMetrics {
  return new Activities();
}

class Activities implements ActivityMetrics {
  private readonly fetches = new Histogram(
    'modhaven_fetch_duration_seconds',
    'Time that a fetch from the origin of a module took, by source, by what was asked for and by how it ended.',
    SECONDS,
  );
  private readonly phases = new Histogram(
    'modhaven_fetch_phase_duration_seconds',
    'Time that the phases of fetches took: wait (for the fetch of another caller), queue, host (a question to a git host), upstream (one to another proxy), git (a command), deliver (a zip is made), store.',
    SECONDS,
  );
  private readonly gitCommands = new Counter(
    'modhaven_git_commands_total',
    'Git commands, and the same said to a host by modhaven itself, by how they ended.',
  );
  private readonly reloads = new Counter('modhaven_reloads_total', 'Files that were read again.');
  private readonly gcRuns = new Counter('modhaven_gc_runs_total', 'Looks through the cache directory.');
  private readonly gcRemoved = new Counter(
    'modhaven_gc_removed_total',
    'Things removed from the cache directory to make room, by kind.',
  );
  private readonly occurrences = {
    drift: 0,
    'moved-tag': 0,
    'refused-content': 0,
    gcFreedBytes: 0,
    shared: 0,
  };
  private readonly hosts = new BoundedNames();
  private readonly up = new Map<string, boolean>();
  private readonly running = new Map<string, number>();

  readonly began = ({ activity: { type } }: { activity: Activity }): void => {
    this.running.set(type, (this.running.get(type) ?? 0) + 1);
  };

  readonly ended = ({ activity, ms, failure }: Ended): void => {
    this.running.set(activity.type, Math.max(0, (this.running.get(activity.type) ?? 0) - 1));
    const seconds = ms / 1000;
    switch (activity.type) {
      case 'fetch': {
        const { source, kind } = activity;
        this.fetches.of({ source, kind, outcome: outcomeOf(failure) }).add(seconds);
        return;
      }
      case 'wait':
        this.occurrences.shared += 1;
        {
          this.phase('wait', '', seconds);
          return;
        }
      case 'git':
        this.gitCommands.add({ command: commandOf(activity.command), outcome: outcomeOf(failure) });
        {
          this.phase('git', '', seconds);
          return;
        }
      case 'queue': {
        this.phase('queue', this.hosts.of(activity.host), seconds);
        return;
      }
      case 'host':
      case 'upstream': {
        const host = this.hosts.of(activity.host);
        this.up.set(host, failure === undefined || !OUTAGES.has(failure));
        this.phase(activity.type, host, seconds);
        return;
      }
      case 'deliver':
      case 'store': {
        this.phase(activity.type, '', seconds);
        return;
      }
      case 'repository':
        return;
    }
  };

  readonly occurred = (occurrence: Occurrence): void => {
    const outcome = 'failed' in occurrence && occurrence.failed ? 'failed' : 'ok';
    switch (occurrence.type) {
      case 'reload': {
        this.reloads.add({ file: occurrence.file, outcome });
        return;
      }
      case 'gc':
        this.gcRuns.add({ outcome });
        for (const [kind, count] of Object.entries(occurrence.removed)) this.gcRemoved.add({ kind }, count);
        this.occurrences.gcFreedBytes += occurrence.freedBytes;
        return;
      case 'drift':
      case 'moved-tag':
      case 'refused-content':
        this.occurrences[occurrence.type] += 1;
    }
  };

  families(): Family[] {
    const { drift, shared, gcFreedBytes, ...alarms } = this.occurrences;
    const total = (name: string, help: string, value: number): Family => ({
      ...gauge(name, help, value),
      type: 'counter',
    });
    return [
      ...[this.fetches, this.phases, this.gitCommands, this.reloads, this.gcRuns, this.gcRemoved].map(
        (each) => each.family(),
      ),
      total(
        'modhaven_singleflight_shared_total',
        'Callers that shared a fetch that was running already.',
        shared,
      ),
      total('modhaven_gc_freed_bytes_total', 'Bytes freed in the cache directory.', gcFreedBytes),
      total('modhaven_drift_total', 'Versions whose new repository was found to differ.', drift),
      total('modhaven_moved_tags_total', 'Tags that were found moved or deleted.', alarms['moved-tag']),
      total(
        'modhaven_refused_content_total',
        'Times that content was refused because it is not what was recorded of its version.',
        alarms['refused-content'],
      ),
      gauge(
        'modhaven_host_up',
        'Whether the last question to a git host or upstream proxy was answered.',
        [...this.up].map(([host, isUp]): Sample => ({ labels: { host }, value: Number(isUp) })),
      ),
      gauge(
        'modhaven_activities_running',
        'What runs now, by type; queue: questions to hosts that wait for their turn.',
        [...this.running].map(([type, value]): Sample => ({ labels: { type }, value })),
      ),
    ];
  }

  private phase(phase: string, host: string, seconds: number): void {
    this.phases.of({ phase, host }).add(seconds);
  }
}

/** What says that a host cannot be asked; a host that refuses a login is there. */
const OUTAGES: ReadonlySet<string> = new Set(['HOST_UNREACHABLE', 'HOST_TIMEOUT']);

function outcomeOf(failure: string | undefined): string {
  if (failure === undefined) return 'ok';
  return FACTS.some((code) => code === failure) ? 'not_found' : 'failed';
}

/** Commands are few, but their names come from arguments: what does not look like one is not shown. */
function commandOf(command: string): string {
  return /^[a-z][a-z-]{1,30}$/.test(command) ? command : 'other';
}
