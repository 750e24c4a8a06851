/** What this process does for one module while it is fetched: its git commands, and its requests to other proxies. */
import { escapePath } from '../../module/escaping.js';
import type { ModulePath } from '../../module/module-path.js';
import { observeProcess } from '../../observe/observe.js';

export interface ModuleFollower {
  /** Something has begun; `id` names it. */
  began(id: number, name: string): void;
  /** Something has ended, which may be for another module. */
  ended(id: number, ms: number, failed: boolean): void;
}

/** Tells `follower` from now on; the result ends that. */
export function followModule(module: ModulePath, follower: ModuleFollower): () => void {
  const repositories = new Set<string>();
  const upstreamPath = `${escapePath(module)}/@`;
  return observeProcess({
    began({ id, activity }) {
      if (activity.type === 'repository' && activity.module === module) repositories.add(activity.repository);
      if (activity.type === 'git' && repositories.has(activity.repository ?? '')) {
        follower.began(id, `git ${activity.command}`);
      }
      if (activity.type === 'upstream' && activity.path.includes(upstreamPath)) {
        follower.began(id, 'question to the upstream');
      }
    },
    ended: ({ id, ms, failure }) => follower.ended(id, ms, failure !== undefined),
  });
}
