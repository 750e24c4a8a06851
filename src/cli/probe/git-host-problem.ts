/** Whether `auth: git_host` can let anybody in at all. */
import type { Config } from '../../config/load-config.js';
import { judgingRepository, type JudgingRepositoryOptions } from '../../modfetch/judging-repository.js';
import type { ServeProblem } from './serve-problems.js';

/** A warning where no rule has a repository whose host can judge a login: only http and https hosts can. */
export async function gitHostProblems(
  { auth }: Pick<Config, 'auth'>,
  rules: JudgingRepositoryOptions,
): Promise<ServeProblem[]> {
  if (auth?.gitHost === undefined) return [];
  if ((await judgingRepository(rules, undefined, auth.gitHost)) !== undefined) return [];
  const hosts = auth.gitHost === 'all' ? 'any host' : auth.gitHost.join(', ');
  return [
    {
      setting: 'auth.git_host',
      problem: `no rule of vanity.yaml has an http or https repository on ${hosts}, so no login can be accepted`,
      remedy:
        'name the hosts as the repositories do, or use auth.rules: an ssh host does not know the login of a caller',
    },
  ];
}
