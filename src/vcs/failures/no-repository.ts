/**
 * How hosts say that they have no such repository, or hide it: git itself and plain ssh, Gerrit, GitLab, GitHub, Gitea and
 * Forgejo, gitolite, Bitbucket (Cloud and Data Center), Azure DevOps, AWS CodeCommit, cgit and sourcehut, Gogs, Phabricator.
 */
export const NO_REPOSITORY = new RegExp(
  [
    'The requested URL returned error: (?:404|410)',
    'does not appear to be a git repository',
    "fatal: '[^']*'(?:: | )(?:no such (?:file|directory|repository)|unable to chdir or not a git archive)",
    'fatal: [Pp]roject .* not found|[Pp]roject not found',
    '[Cc]annot find repository|[Rr]epository .*could not be found',
    '[Rr]epository (?:\\S+ )?(?:was )?not found|[Nn]o such (?:repository|repo|project)\\b',
    '[Rr]epository (?:\'[^\']*\' |"[^"]*" |\\S+ )?does not exist',
    '[Rr]epository either does not exist or you do not have access',
    "could not open '.*' for reading",
    '[Pp]roject you were looking for could not be found',
    "don't have permission to view it|you do not have permission to view",
    // gitolite
    'FATAL: R .* DENIED by|FATAL: repo .*(?:does not exist|not found)|invalid repo name',
    // Azure DevOps
    'TF401019|TF200016|VS800075',
    // Bitbucket
    'com\\.atlassian\\.bitbucket\\.\\S*NoSuchRepository|[Yy]ou may not have access to this repository or it no longer exists',
    // Gogs, Phabricator
    'Repository does not exist or you do not have access|No repository (?:"[^"]*" )?exists|[Uu]nable to find repository',
  ].join('|'),
);
