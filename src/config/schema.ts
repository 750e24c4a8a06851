/**
 * The keys of modhaven.yaml: their types, defaults and meaning, in this one place.
 *
 * The JSON Schema beside the shipped file is made from these definitions, so the descriptions are what an editor shows.
 * A section whose value is empty (all its keys commented out) counts as absent.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseListen } from './listen.js';
import { Auth } from './schema-auth.js';
import { HostEntry, HostKey } from './schema-hosts.js';
import { RedisUrl, Store } from './schema-store.js';
import { Limits, Tls } from './schema-listener.js';
import { DirectHost, Duration, File, Size, Text, Timeout, readAs, section } from './schema-values.js';
import { parseUpstream } from '../module/address/goproxy-list.js';
import { parsePathPatterns } from '../module/path-patterns.js';

const TrustedProxy = z.string().refine(
  (text) => {
    const [address = '', bits, ...more] = text.split('/');
    const version = isIP(address);
    const max = version === 4 ? 32 : 128;
    return (
      version !== 0 &&
      more.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= max))
    );
  },
  { error: 'must be an IP address or a network such as 10.0.0.0/8' },
);

const Upstream = z.string().transform((text, context) => {
  const upstream = parseUpstream(text);
  if (typeof upstream !== 'string') return upstream;
  context.addIssue({ code: 'custom', message: upstream });
  return z.NEVER;
});

/** The name of a checksum database is the host at which go looks for it where no proxy answers for it. */
export function sumdbNameProblem(name: string): string | undefined {
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name)) {
    return 'must be a host name such as sum.mycompany.com';
  }
  if (name === 'sum.golang.org' || name === 'sum.golang.google.cn') {
    return 'is the public database; choose a name of your own';
  }
  return undefined;
}

const SumdbName = z.string().superRefine((name, context) => {
  const message = sumdbNameProblem(name);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const Sumdb = z
  .strictObject({
    name: SumdbName.describe(
      'Its name, such as sum.mycompany.com. It belongs to the key and is never used again.',
    ),
    key_file: File.describe('The private key that "modhaven sumdb keygen" made.'),
    witness_file: File.optional().describe(
      'Where the newest signed tree is kept, apart from cache.dir: it tells when an old backup was put back. Default: key_file with .witness added.',
    ),
  })
  .optional();

/** A list of patterns of module paths, as in GOPRIVATE. */
const PathPatterns = z
  .preprocess(
    (value: unknown) => value ?? [],
    z.array(
      Text.refine((pattern) => !pattern.includes(',') && parsePathPatterns(pattern) !== undefined, {
        error: 'must be a pattern of module paths as in GOPRIVATE, such as mycompany.com/* or *.corp.example',
      }),
    ),
  )
  .prefault([]);

const DocsUrl = z.string().superRefine((text, context) => {
  const filled = text.replaceAll('{path}', 'p').replaceAll('{version}', 'v');
  if (/^https?:\/\/./.test(filled) && URL.canParse(filled) && text.includes('{path}')) return;
  context.addIssue({
    code: 'custom',
    message:
      'must be an http or https URL with {path} in it, such as https://docs.mycompany.com/{path}@{version}',
  });
});

const PublicUrl = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain =
    url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password;
  if (!plain) {
    context.addIssue({
      code: 'custom',
      message: 'must be an http or https URL such as http://goproxy.mycompany.com:10000',
    });
  }
});

/** This machine. */
const DEFAULT_ADMINS = ['127.0.0.1', '::1'];

/** The whole of modhaven.yaml, as written in the file. */
export const ConfigFile = z
  .strictObject({
    listen: readAs(parseListen, 'HOST:PORT, [::1]:PORT, :PORT or unix:/path')
      .prefault('127.0.0.1:10000')
      .describe(
        'Where the server listens: HOST:PORT or unix:/path. Default: 127.0.0.1:10000, this machine only. A change needs a restart.',
      ),
    public_url: PublicUrl.optional().describe(
      'How developers reach the server; stands on its pages and in what "modhaven env" prints. Default: from listen.',
    ),
    vanity: File.default('./vanity.yaml').describe(
      'The file that maps import paths to repositories. Default: ./vanity.yaml.',
    ),
    workers: z
      .union([z.literal('auto'), z.int().min(1).max(256)], {
        error: 'must be a whole number from 1 to 256, or auto',
      })
      .default(1)
      .describe(
        'Number of processes that answer requests; auto is one for each processor. With more than one, another one beside them does what is not in the cache. Default: 1. A change needs a restart.',
      ),
    cache: section(
      z.strictObject({
        dir: File.default('./data').describe(
          'Where versions and mirrors are kept. Default: ./data. A change needs a restart.',
        ),
        max_size: Size.prefault('50GiB').describe(
          'Limit for everything below cache.dir. Git mirrors make room, then upstream modules and what upstreams and public checksum databases said, the least recently used first; finished private versions are never removed. Default: 50GiB.',
        ),
        memory: Size.prefault('64MiB').describe(
          'Limit for answers that each server process holds in memory; 0 holds none. Default: 64MiB.',
        ),
      }),
    ).describe('The cache on disk, and the part of it that is held in memory.'),
    store: Store.prefault('disk').describe(
      'Where finished versions are kept: disk, below cache.dir, or s3, for several replicas. Default: disk.',
    ),
    redis: RedisUrl.optional().describe(
      'redis:// or rediss:// URL of a Redis that spares double work between replicas; never needed to be right. Default: none.',
    ),
    shutdown_timeout: Timeout.prefault('30s').describe(
      'How long running requests may take to end when the server ends. Default: 30s.',
    ),
    private: PathPatterns.describe(
      'More modules that are never asked for upstream, as patterns of GOPRIVATE. Always private: what a rule covers, every vanity host and its sub-domains, the hosts under vcs.hosts. Default: none.',
    ),
    public: PathPatterns.describe(
      'Exceptions to what is private, as patterns of GOPRIVATE: an open-source sub-domain of a vanity host. What a rule covers stays private. Default: none.',
    ),
    upstream: Upstream.prefault('off').describe(
      'Where modules under no rule come from: off, or a GOPROXY list (URLs separated by , or |; direct at its end is for direct_hosts). Default: off, only what is in the cache is found.',
    ),
    direct_hosts: z
      .preprocess((value: unknown) => value ?? [], z.array(DirectHost))
      .prefault([])
      .describe(
        'Hosts whose modules are fetched from their repositories when the turn of upstream comes to direct: HOST, or HOST:PORT for another port of a repository. Default: none.',
      ),
    sumdb: z
      .preprocess((value: unknown) => value ?? undefined, Sumdb)
      .optional()
      .describe('A checksum database of your own for all modules, private ones too. Default: none.'),
    trust_proxy: z
      .preprocess((value: unknown) => value ?? [], z.array(TrustedProxy))
      .prefault([])
      .describe(
        'Addresses or networks in front of the server whose X-Forwarded-* headers count; those that come through a unix socket always do. Default: none.',
      ),
    admin: z
      .preprocess((value: unknown) => value ?? DEFAULT_ADMINS, z.array(TrustedProxy))
      .prefault(DEFAULT_ADMINS)
      .describe('Addresses or networks that may read /-/status and /-/metrics. Default: 127.0.0.1 and ::1.'),
    auth: z
      .preprocess((value: unknown) => value ?? undefined, Auth.optional())
      .optional()
      .describe(
        'Who may read private modules. Without it everybody who reaches the server may read everything.',
      ),
    tls: Tls,
    limits: Limits,
    audit: File.optional().describe(
      'A file that gets one line of JSON for each private read, refusal and wrong login. Default: none.',
    ),
    access_log: File.optional().describe(
      'A file that gets one line in the combined format of Apache and nginx for each request; it may be renamed at any time. Default: none, requests are in the log alone.',
    ),
    docs_url: DocsUrl.optional().describe(
      'Documentation site that the pages link to, with {path} and {version} in it. Default: none.',
    ),
    webhook: section(
      z.strictObject({
        secret: Text.optional().describe(
          'Checks POST /-/webhook. Without it the route is off, and a push is seen after refresh.',
        ),
        prefetch: z
          .boolean()
          .default(false)
          .describe(
            'true fetches each pushed version into the cache at once. Default: false, when it is asked for.',
          ),
      }),
    ).describe('Push notifications of the git host.'),
    refresh: Duration.prefault('30s').describe(
      'How old a version list or branch head may be before the repository is asked again. Default: 30s.',
    ),
    vcs: section(
      z.strictObject({
        timeout: Timeout.prefault('120s').describe('Limit for one git operation. Default: 120s.'),
        connect_timeout: Timeout.prefault('10s').describe(
          'Limit until a git host answers at all. Default: 10s.',
        ),
        concurrency: z
          .int()
          .min(1)
          .max(256)
          .default(8)
          .describe('How many git operations run at once. Default: 8.'),
        max_pack_size: Size.prefault('512MiB').describe(
          'How much a git host may send for one commit. A module holds 500 MiB at most, unpacked; other folders of the repository count as well. Default: 512MiB.',
        ),
        hosts: section(
          z.record(
            HostKey,
            z.preprocess((value: unknown) => value ?? {}, HostEntry),
          ),
        ).describe(
          "Credentials and ssh settings, by HOST or HOST:PORT as in the repository's URL, or by one of these and the beginning of the path (HOST/group).",
        ),
      }),
    ).describe('How repositories are fetched.'),
  })
  .describe(
    'Settings of modhaven. Relative paths are relative to this file; ${NAME} takes an environment variable.',
  );
