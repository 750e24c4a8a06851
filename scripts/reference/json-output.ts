/**
 * What the commands print with `--json`, as schemas: docs/json has them as JSON Schema, and a test compares them with what the
 * commands print. Fields may come to be; none that is here goes or changes its meaning within a major version.
 */
import { z } from 'zod';

const count = z.int().min(0);
const time = z.iso.datetime();
const part = z.enum(['info', 'mod', 'zip', 'ziphash']);
const fault = z.object({ part, problem: z.string() });
const name = { module: z.string(), version: z.string() };
const isOk = z.boolean().describe('Whether everything is in order: exit code 0, else 1.');
const h1 = z.string().regex(/^h1:/);

const mismatch = z.object({
  kind: z.enum(['zip', 'mod']),
  hash: z.string().describe('As recorded.'),
  place: z.string().describe('Where it is recorded.'),
  stored: z.string(),
});

const copy = z.object({
  ...name,
  outcome: z.enum(['added', 'same', 'incomplete', 'damaged', 'different']),
  added: z.array(part).describe('Parts that are new at the target.'),
  faults: z.array(fault),
});
const copySummary = {
  versions: count,
  added: count,
  same: count,
  incomplete: count,
  damaged: count,
  different: count,
};
const checksums = z.array(
  z.object({
    database: z.string(),
    treeSize: count,
    added: count,
    same: count,
    faults: z.array(z.string()),
  }),
);

const setting = z.object({
  key: z.string(),
  value: z.string().describe('As written; a secret is hidden.'),
  from: z.enum(['flag', 'environment', 'file', 'default']),
  place: z.string().describe('Flag, variable or FILE:LINE:COL; empty for a default.'),
});
const serveProblem = z.object({ setting: z.string(), problem: z.string(), remedy: z.string().optional() });

const check = z.object({
  ok: isOk,
  vanity: z.string(),
  dryRun: z.boolean().describe('Whether the file of --vanity was tried.'),
  warnings: z.array(z.string()),
  server: z
    .object({ problems: z.array(serveProblem), warnings: z.array(serveProblem) })
    .describe('What serve would fail on, apart from the repositories.'),
  settings: z.array(setting),
  rules: z.array(
    z.object({
      rule: z.string(),
      line: count,
      module: z.string(),
      root: z.string().optional(),
      repository: z.string(),
      hostEntry: z.string().optional(),
      credential: z.string().optional().describe('Where the login came from; never the login.'),
      reached: z.boolean(),
      skipped: z.boolean().describe('A pattern of which no repository is known.'),
      hostAnswers: z.boolean(),
      ok: z.boolean(),
      defaultBranch: z.string().optional(),
      versions: count.optional(),
      warning: z.string().optional(),
      problem: z.string().optional(),
      remedy: z.string().optional(),
    }),
  ),
});

const origin = z.object({
  VCS: z.string().optional(),
  URL: z.string().optional(),
  Subdir: z.string().optional(),
  Hash: z.string().optional(),
  Ref: z.string().optional(),
  TagPrefix: z.string().optional(),
  TagSum: z.string().optional(),
  RepoSum: z.string().optional(),
});

const explain = z.object({
  module: z.string(),
  query: z.string().optional(),
  private: z.string().optional().describe('why the module is private; absent for a public one'),
  version: z.string().optional(),
  rule: z.object({ key: z.string(), file: z.string(), line: count }).optional(),
  upstream: z.array(z.string()),
  root: z.string().optional(),
  subdir: z.string().optional(),
  repositories: z.array(
    z.object({
      url: z.string(),
      hostEntry: z.string().optional(),
      credential: z.string().optional(),
      sshOptions: z.record(z.string(), z.string()),
      reached: z.boolean(),
      defaultBranch: z.string().optional(),
      versions: count.optional(),
      revision: z.object({ version: z.string(), commit: z.string(), time }).optional(),
      problem: z.string().optional(),
      remedy: z.string().optional(),
    }),
  ),
  cache: z.object({
    info: count.optional(),
    mod: count.optional(),
    zip: count.optional(),
    h1: h1.optional(),
  }),
  origin: z.object({ recorded: origin.optional(), now: origin.optional() }),
  tag: z
    .object({
      name: z.string(),
      state: z.enum(['same', 'moved', 'gone', 'unknown']),
      recorded: z.string(),
      now: z.string().optional(),
    })
    .optional(),
  go: z.array(
    z.object({
      request: z.string(),
      status: z.int(),
      text: z.string().optional(),
      cached: z.boolean(),
    }),
  ),
  timings: z.array(z.object({ step: z.string(), ms: count })),
  ok: isOk,
});

const known = { commit: z.string().optional(), zip: h1.optional(), mod: h1.optional() };
const verdict = z.enum(['same', 'moved-commit', 'different', 'missing', 'unreachable', 'extra']);
const verifyAgainst = z.object({
  ok: isOk,
  against: z.string(),
  summary: z.object({
    total: count,
    resumed: count,
    same: count,
    'moved-commit': count,
    different: count,
    missing: count,
    unreachable: count,
    extra: count,
  }),
  warnings: z.array(z.string()),
  versions: z.array(
    z.object({
      module: z.string(),
      version: z.string().optional(),
      verdict,
      home: z.array(z.string()),
      stored: z.object(known),
      old: z.object(known).optional(),
      found: z.object({ ...known, repository: z.string() }).optional(),
      files: z.array(z.record(z.string(), z.unknown())).optional(),
      cause: z.string().optional(),
      remedy: z.string().optional(),
    }),
  ),
});

const sumdb = {
  name: z.string(),
  records: count,
  rootHash: z.string().optional(),
  verifierKey: z.string(),
  folder: z.string(),
  witness: z.record(z.string(), z.unknown()).optional(),
};
const removed = { bytes: count };
const token = {
  name: z.string(),
  groups: z.array(z.string()),
  created: time,
  expires: time,
  expired: z.boolean(),
};

/** File name in docs/json without `.schema.json` → the schema. */
export const JSON_OUTPUT = {
  check,
  explain,
  verify: z.object({
    ok: isOk,
    summary: z.object({ versions: count, bad: count }),
    leftovers: z.array(z.string()),
    versions: z.array(z.object({ ...name, parts: z.array(part), faults: z.array(fault) })),
  }),
  'verify-against': verifyAgainst,
  warm: z.object({
    ok: isOk,
    summary: z.object({ versions: count, fetched: count, thereBefore: count, failed: count }),
    versions: z.array(
      z.object({
        module: z.string(),
        query: z.string(),
        version: z.string().optional(),
        fetched: z.boolean(),
        cause: z.string().optional(),
        remedy: z.string().optional(),
        mismatches: z.array(mismatch),
        unrecorded: z.literal(true).optional(),
      }),
    ),
  }),
  export: z.object({
    ok: isOk,
    dir: z.string(),
    summary: z.object({ ...copySummary, missing: count, refused: count }),
    versions: z.array(copy),
    checksums,
    missing: z.array(z.object(name)),
    refused: z.array(z.object({ ...name, query: z.string(), mismatches: z.array(mismatch) })),
  }),
  import: z.object({
    ok: isOk,
    layout: z.string(),
    dir: z.string(),
    dryRun: z.boolean(),
    summary: z.object(copySummary),
    versions: z.array(copy),
    checksums,
  }),
  list: z.array(z.object({ module: z.string(), newest: z.string(), versions: count, bytes: count })),
  gc: z.object({
    isWithin: z.boolean().describe('Whether the cache is within the limit now, or would be.'),
    dryRun: z.boolean(),
    before: count,
    after: count,
    folders: z.record(z.string(), count).describe('Bytes by folder of cache.dir.'),
    maxBytes: count,
    limit: count,
    leftovers: z.array(z.object({ path: z.string(), ...removed })),
    mirrors: z.array(z.object({ dir: z.string(), lastUsed: time, ...removed })),
    versions: z.array(z.object({ ...name, lastUsed: time, ...removed })),
    answers: z
      .array(z.object({ path: z.string(), lastUsed: time, ...removed }))
      .describe('What upstreams and public checksum databases said, by its path below cache.dir.'),
  }),
  purge: z.object({
    ok: isOk,
    versions: z.array(
      z.object({
        ...name,
        purged: z.boolean(),
        h1: h1.optional().describe('Hash of the only zip that can come back.'),
      }),
    ),
  }),
  'sumdb-status': z.object(sumdb),
  'sumdb-verify': z.object({ ok: isOk, ...sumdb, stored: count, faults: z.array(z.unknown()) }),
  'token-add': z.object({ token: z.string().describe('Shown this once.'), ...token }),
  'token-list': z.array(z.object(token)),
  version: z.object({ modhaven: z.string(), node: z.string(), platform: z.string(), arch: z.string() }),
  report: z.object({
    ok: isOk,
    at: time,
    versions: z.object({
      modhaven: z.string(),
      node: z.string(),
      git: z.string(),
      ssh: z.string(),
      system: z.string(),
    }),
    configuration: z.object({
      file: z.string().optional(),
      error: z.string().optional(),
      warnings: z.array(z.string()),
      settings: z.array(setting),
    }),
    vanity: z
      .object({
        file: z.string(),
        rules: count,
        warnings: z.array(z.string()),
        error: z.string().optional(),
      })
      .optional(),
    disk: z.object({ dir: z.string(), freeBytes: count.optional(), totalBytes: count.optional() }).optional(),
    server: z
      .object({
        address: z.string(),
        status: z.unknown().optional().describe('What /-/status says.'),
        problem: z.string().optional().describe('Why there is no status.'),
      })
      .optional(),
  }),
} as const satisfies Record<string, z.ZodType>;

/** File name in docs/json → text. */
export function jsonOutputSchemas(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(JSON_OUTPUT).map(([command, schema]) => {
      // A key of a later version is not an error: a script that validates with it must not fail on a newer program.
      const { $schema, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
      const title = `modhaven ${command.replace(/-(?=against)/, ' --').replace(/(?<=^\w+)-/, ' ')} --json`;
      return [`${command}.schema.json`, `${JSON.stringify({ $schema, title, ...json }, undefined, 2)}\n`];
    }),
  );
}
