import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { explainGitFailure } from '../../../src/vcs/failures/git-errors.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';

function explain(stderr: string, url = 'https://git.corp.test/x.git') {
  const repo = parseRepoUrl(url, '/');
  const context = { repo, hostKey: 'git.corp.test', credential: undefined, timeoutMs: 1 };
  return explainGitFailure(new GitFailure('fetch', 128, stderr), context);
}

describe('what git says', () => {
  it.each<[stderr: string, code: string, reason: string]>([
    ['Could not resolve host: git.corp.test', 'HOST_UNREACHABLE', 'the host name git.corp.test is not known'],
    ['Could not resolve proxy: web', 'HOST_UNREACHABLE', 'the web proxy web'],
    ['Received HTTP code 403 from proxy after CONNECT', 'HOST_UNREACHABLE', 'it answered 403'],
    [
      'Failed to connect to git.corp.test port 443 after 3 ms: x',
      'HOST_UNREACHABLE',
      'nothing listens at git.corp.test:443',
    ],
    [
      'Failed to connect to 10.0.0.9 port 3128 after 3 ms: x',
      'HOST_UNREACHABLE',
      'nothing listens at 10.0.0.9:3128 (a web proxy, or an address of the git host)',
    ],
    [
      'Failed to connect to git.corp.test port 443 after 5001 ms: x',
      'HOST_TIMEOUT',
      'git.corp.test did not answer',
    ],
    ['No route to host', 'HOST_UNREACHABLE', 'there is no way from the modhaven server to git.corp.test'],
    ["fatal: couldn't find remote ref v1.0.0", 'VERSION_NOT_FOUND', 'no longer has the tag'],
    ["fatal: transport 'file' not allowed", 'HOST_REFUSED', 'the transport file is not allowed'],
    ["git: 'remote-https' is not a git command", 'HOST_UNREACHABLE', 'cannot speak https'],
    ['error: cannot run ssh: No such file or directory', 'HOST_UNREACHABLE', 'cannot start ssh'],
    ['cannot start git: ENOENT', 'HOST_UNREACHABLE', 'cannot start git (ENOENT)'],
  ])('%s', (stderr, code, reason) => {
    expect(explain(stderr)).toMatchObject({ code, reason: expect.stringContaining(reason) as string });
  });

  it.each([
    ['gitolite', 'FATAL: R any team/x ci DENIED by fallthru\n(or you mis-spelled the reponame)'],
    [
      'Azure DevOps',
      'remote: TF401019: The Git repository with name or identifier x does not exist or you do not have permissions',
    ],
    [
      'Bitbucket Cloud',
      'The requested repository either does not exist or you do not have access. If you believe this is an error',
    ],
    [
      'Bitbucket Data Center',
      'Repository not found\nThe requested repository does not exist, or you do not have permission to access it.',
    ],
    [
      'CodeCommit',
      'fatal: The repository does not exist in AWS region eu-central-1, or you do not have permission',
    ],
    ['Gerrit', 'fatal: Project team/x not found'],
    [
      'GitLab',
      "remote: ERROR: The project you were looking for could not be found or you don't have permission to view it.",
    ],
    ['GitHub', 'ERROR: Repository not found.'],
    ['Gitea', 'Gitea: Cannot find repository: team/x'],
    ['plain ssh', "fatal: 'team/x.git' does not appear to be a git repository"],
  ])('knows how %s says that there is no such repository', (_, stderr) => {
    const said = `${stderr}\nfatal: Could not read from remote repository.\n`;
    expect(explain(said, 'ssh://git@git.corp.test/team/x.git')).toMatchObject({
      code: 'REPO_NOT_FOUND',
      reason: expect.stringContaining('this key') as string,
    });
  });

  it('takes words about a repository for more than a status, and a status alone for no fact', () => {
    const forbidden =
      "fatal: unable to access 'https://git.corp.test/x.git/': The requested URL returned error: 403";
    const bitbucket =
      'remote: You may not have access to this repository or it no longer exists in this workspace.';
    expect(explain(forbidden).code).toBe('HOST_REFUSED');
    expect(explain(`${bitbucket}\n${forbidden}`).code).toBe('REPO_NOT_FOUND');
    expect(explain('Permission to x.git denied to ci.').code).not.toBe('REPO_NOT_FOUND');
  });

  it.each([
    'remote: fatal: bad object refs/heads/main',
    'remote: aborting due to possible repository corruption on the remote side.',
    'fatal: remote error: upload-pack: the packfile is corrupt',
    'fatal: bad object refs/heads/main\nfatal: Could not read from remote repository.',
  ])('tells a damaged repository of the host from one of ours: %s', (stderr) => {
    expect(explain(`${stderr}\nfatal: early EOF\n`)).toMatchObject({
      code: 'HOST_UNREACHABLE',
      reason: expect.stringContaining('on the git host is damaged') as string,
    });
  });

  it('says of a local path what it says of a host in other words', () => {
    const stderr = "fatal: '/srv/x.git' does not appear to be a git repository";
    expect(explain(stderr, 'file:///srv/x.git')).toMatchObject({
      code: 'REPO_NOT_FOUND',
      reason: 'there is no git repository at this path',
      remedy: 'correct repo: of the rule in vanity.yaml',
    });
    expect(explain(stderr).reason).toContain('hides it from readers without a login');
  });
});
