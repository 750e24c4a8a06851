/**
 * The keys of vanity.yaml, which is govanityurls' file (github.com/GoogleCloudPlatform/govanityurls) and a little more:
 * a rule may be just its repository, a path may hold `{name}` or begin with a host, and `subdir` is new. The form of
 * its first versions, rules at the top level, is read too.
 */
import { z } from 'zod';

const Repo = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: 'must be the address of a repository',
  })
  .describe(
    'Address of the repository: an http, https, ssh or git URL, user@host:path, or a local path. A list is tried in order; the first that has the version wins.',
  );

/** Version control systems of govanityurls: go can fetch from them directly, this server cannot. */
export const FOREIGN_VCS = ['hg', 'svn', 'bzr', 'fossil'] as const;
export type ForeignVcs = (typeof FOREIGN_VCS)[number];

/** A rule written with keys. Others are told by `vanity-file.ts`: a near one is an error, any other a warning. */
export const RuleEntry = z.looseObject({
  repo: Repo,
  vcs: z
    .string()
    .optional()
    .describe(
      'Version control system. Default: git. For hg, svn, bzr and fossil only the ?go-get=1 pages are served.',
    ),
  display: z
    .string()
    .optional()
    .describe(
      'go-source tag: "HOME DIRECTORY-TEMPLATE FILE-TEMPLATE". Default: known for github.com and bitbucket.org, else no tag.',
    ),
  subdir: z.string().optional().describe('Directory of the module inside the repository. Default: the root.'),
});
export type RuleEntry = z.infer<typeof RuleEntry>;

/** A rule: its keys, or only the repository. */
const Rule = z.union([z.string().min(1), RuleEntry], {
  error: 'must be the address of a repository, or a map with the key repo',
});

/** The whole of vanity.yaml. */
export const VanityFile = z
  .object({
    host: z
      .string()
      .optional()
      .describe(
        'The vanity host, to which the paths that begin with / belong. Default: the host of public_url.',
      ),
    cache_max_age: z
      .int()
      .min(0)
      .default(86400)
      .describe('Seconds a ?go-get=1 page may be cached. Default: 86400.'),
    paths: z
      .preprocess((value: unknown) => value ?? {}, z.record(z.string(), Rule))
      .prefault({})
      .describe(
        'Import path → repository. A path is a prefix; the most specific one wins; {name} is any one element, {name...} at the end as many as the repository has.',
      ),
  })
  .catchall(Rule)
  .describe('Import paths and the repositories behind them. A path that begins with / belongs to host.');
export type VanityFile = z.output<typeof VanityFile>;
