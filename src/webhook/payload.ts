/**
 * What a git host posts about a push, and the proof that it knows the secret.
 *
 *   host            told by                    secret                             repository
 *   GitLab          X-Gitlab-Event             X-Gitlab-Token: SECRET             project.git_http_url, git_ssh_url
 *   Gitea, Forgejo  X-Gitea-Event,             X-Gitea-Signature: HMAC            repository.clone_url, ssh_url
 *                   X-Forgejo-Event
 *   GitHub          X-GitHub-Event             X-Hub-Signature-256: sha256=HMAC   repository.clone_url, ssh_url
 *   Gerrit          no header; a stream event  ?token=SECRET (its plugin cannot   the project name only
 *                                              sign), or Authorization: Bearer
 *
 * HMAC is HMAC-SHA256 of the body as it came, in hex. Gitea and Forgejo also send GitHub's headers, so they are looked
 * for first. (GitLab documentation, "Webhook events" and "System hooks"; Gitea and Forgejo documentation, "Webhooks";
 * GitHub documentation, "Webhook events and payloads"; Gerrit documentation, "stream-events".)
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

export type Forge = 'gitlab' | 'gitea' | 'github' | 'gerrit';

/** Refs of one repository that changed. */
export interface Push {
  forge: Forge;
  /** Every address the host tells; as it spells them. Empty for Gerrit. */
  cloneUrls: string[];
  /** The path of the repository at a host that tells no address. */
  project: string | undefined;
  /** Branches and tags only, by full name. */
  refs: PushedRef[];
}

export interface PushedRef {
  /** `refs/heads/main`, `refs/tags/v1.0.0`. */
  ref: string;
  /** Hash of the commit or tag object; zeros: deleted; empty: not told. */
  after: string;
}

const PushShape = z.object({
  forge: z.enum(['gitlab', 'gitea', 'github', 'gerrit']),
  cloneUrls: z.array(z.string()),
  project: z.string().optional(),
  refs: z.array(z.object({ ref: z.string(), after: z.string() })),
});

/** A push that another replica read and passed on; undefined for anything else. */
export function readPush(value: unknown): Push | undefined {
  const { data } = PushShape.safeParse(value);
  return data && { ...data, project: data.project };
}

/** Reads a delivery whose secret was verified; throws SyntaxError for what is not JSON, or not as its host writes it. */
export function parsePush(headers: IncomingHttpHeaders, body: Buffer): Push | 'ignored' {
  const data = parseJson(body);
  const forge = forgeOf(headers);
  const push = forge === undefined ? readGerrit(data) : READERS[forge](headers, data);
  if (push === undefined) return 'ignored';
  const refs = push.refs.filter(({ ref }) => /^refs\/(?:heads|tags)\/./.test(ref));
  return refs.length === 0 ? 'ignored' : { ...push, refs };
}

/** Whether `ref` is gone. */
export function isDeleted({ after }: PushedRef): boolean {
  return /^0+$/.test(after);
}

/** Whether the request proves in any of the ways above that its sender knows `secret`. Takes the same time either way. */
export function verifySecret(
  headers: IncomingHttpHeaders,
  body: Buffer,
  secret: string,
  urlToken?: string,
): boolean {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const proofs: [given: string | string[] | undefined, wanted: string][] = [
    [headers['x-gitlab-token'], secret],
    [headers['x-hub-signature-256'], `sha256=${signature}`],
    [headers['x-gitea-signature'], signature],
    [headers['x-forgejo-signature'], signature],
    [headers.authorization?.replace(/^bearer +/i, 'Bearer '), `Bearer ${secret}`],
  ];
  // Node reads the bytes of a header as latin1.
  const byHeader = proofs.map(
    ([given, wanted]) =>
      typeof given === 'string' && isEqual(Buffer.from(given, 'latin1'), Buffer.from(wanted)),
  );
  const byUrl = urlToken !== undefined && isEqual(Buffer.from(urlToken), Buffer.from(secret));
  return byHeader.includes(true) || byUrl;
}

/** Headers that hold a signature: whether it is right, the body tells. */
const SIGNATURES = ['x-hub-signature-256', 'x-gitea-signature', 'x-forgejo-signature'];

/** Whether the request is signed, rightly or not. */
export function isSigned(headers: IncomingHttpHeaders): boolean {
  return SIGNATURES.some((name) => headers[name] !== undefined);
}

/** Whether the request has a header for a proof at all, right or not. */
export function hasProof(headers: IncomingHttpHeaders): boolean {
  return isSigned(headers) || headers['x-gitlab-token'] !== undefined || headers.authorization !== undefined;
}

/** Where the secret of such a request belongs, for the one who sets up the webhook. */
export function expectedProof(headers: IncomingHttpHeaders): string {
  switch (forgeOf(headers)) {
    case 'gitlab':
      return 'the header X-Gitlab-Token (the field "Secret token" of the webhook in GitLab)';
    case 'gitea':
      return 'the header X-Gitea-Signature or X-Forgejo-Signature (the field "Secret" of the webhook)';
    case 'github':
      return 'the header X-Hub-Signature-256 (the field "Secret" of the webhook in GitHub)';
    case undefined:
      return 'the header "Authorization: Bearer SECRET", or ?token=SECRET in the URL (Gerrit cannot send a header)';
  }
}

function isEqual(a: Buffer, b: Buffer): boolean {
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b)); // digests, because it compares only what is equally long
}

function forgeOf(headers: IncomingHttpHeaders): Exclude<Forge, 'gerrit'> | undefined {
  if (headers['x-gitea-event'] !== undefined || headers['x-forgejo-event'] !== undefined) return 'gitea';
  if (headers['x-gitlab-event'] !== undefined) return 'gitlab';
  return headers['x-github-event'] === undefined ? undefined : 'github';
}

const READERS = {
  gitlab: (_headers, data) => readGitLab(data),
  gitea: (headers, data) => readHub('gitea', headers['x-gitea-event'] ?? headers['x-forgejo-event'], data),
  github: (headers, data) => readHub('github', headers['x-github-event'], data),
} satisfies Record<
  Exclude<Forge, 'gerrit'>,
  (headers: IncomingHttpHeaders, data: unknown) => Push | undefined
>;

const Address = z.string().optional();
const PushedRef = z.object({ ref: z.string(), after: z.string() });

const GitLabEvent = z.object({ object_kind: z.string().optional(), event_name: z.string().optional() });
const GitLabProject = z.object({ git_http_url: Address, git_ssh_url: Address });
const GitLabRepository = z.object({ project: GitLabProject });

function readGitLab(data: unknown): Push | undefined {
  const { object_kind, event_name } = shape(GitLabEvent, data);
  const event = object_kind ?? event_name;
  if (event === undefined || !['push', 'tag_push', 'repository_update'].includes(event)) return undefined;
  const { project } = shape(GitLabRepository, data);
  // A system hook tells all refs of one push together.
  const refs =
    event === 'repository_update'
      ? shape(z.object({ changes: z.array(PushedRef) }), data).changes
      : [shape(PushedRef, data)];
  const cloneUrls = addresses(project.git_http_url, project.git_ssh_url);
  return { forge: 'gitlab', cloneUrls, project: undefined, refs };
}

const HubPush = PushedRef.extend({ repository: z.object({ clone_url: Address, ssh_url: Address }) });

/** GitHub's format, which Gitea and Forgejo share. */
function readHub(
  forge: 'gitea' | 'github',
  event: string | string[] | undefined,
  data: unknown,
): Push | undefined {
  if (event !== 'push') return undefined;
  const { ref, after, repository } = shape(HubPush, data);
  const cloneUrls = addresses(repository.clone_url, repository.ssh_url);
  return { forge, cloneUrls, project: undefined, refs: [{ ref, after }] };
}

const GerritEvent = z.object({ type: z.string().optional() });
const GerritRefUpdate = z.object({ project: z.string(), refName: z.string(), newRev: z.string() });
const GerritMerge = z.object({
  change: z.object({ project: z.string(), branch: z.string() }),
  newRev: z.string().default(''),
});

function readGerrit(data: unknown): Push | undefined {
  switch (shape(GerritEvent, data).type) {
    case 'ref-updated':
      return gerritPush([shape(z.object({ refUpdate: GerritRefUpdate }), data).refUpdate]);
    case 'batch-ref-updated':
      return gerritPush(shape(z.object({ refUpdates: z.array(GerritRefUpdate) }), data).refUpdates);
    case 'change-merged': {
      const { change, newRev } = shape(GerritMerge, data);
      return gerritPush([{ project: change.project, refName: change.branch, newRev }]);
    }
    case undefined:
    default:
      return undefined;
  }
}

function gerritPush(updates: z.output<typeof GerritRefUpdate>[]): Push {
  const refs = updates.map(({ refName, newRev }) => ({
    // Branches come by their short name, too.
    ref: refName.startsWith('refs/') ? refName : `refs/heads/${refName}`,
    after: newRev,
  }));
  return { forge: 'gerrit', cloneUrls: [], project: updates[0]?.project, refs };
}

/** The words of JSON.parse quote what it read, which is nothing to repeat. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new SyntaxError('it is not JSON');
  }
}

function addresses(...urls: (string | undefined)[]): string[] {
  return urls.filter((url) => url !== undefined && url !== '') as string[];
}

function shape<T extends z.ZodType>(schema: T, data: unknown): z.output<T> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SyntaxError(`"${issue?.path.join('.') ?? ''}" is missing or not of the expected kind`);
}
