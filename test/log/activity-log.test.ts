import { expect, it, vi } from 'vitest';
import { logActivities } from '../../src/log/activity-log.js';

const activity = { type: 'git', command: 'ls-refs', repository: 'https://git.corp/x' } as const;
const ended = { id: 1, at: 5, activity, ms: 12.4, failure: undefined };

it('says what was done, for how long, and how it failed', () => {
  const debug = vi.fn();
  const observer = logActivities({ debug, isLevelEnabled: () => true });
  observer.ended?.(ended);
  observer.ended?.({ ...ended, failure: 'HOST_TIMEOUT' });
  const about = { command: 'ls-refs', repository: 'https://git.corp/x', ms: 12 };
  expect(debug.mock.calls).toEqual([
    [about, 'git'],
    [{ ...about, failure: 'HOST_TIMEOUT' }, 'git'],
  ]);
});

it('makes no line below the level of the log', () => {
  const debug = vi.fn();
  logActivities({ debug, isLevelEnabled: () => false }).ended?.(ended);
  expect(debug).not.toHaveBeenCalled();
});
