/**
 * Deliveries as the hosts send them: their headers and the fields that say what happened, taken from real ones and cut
 * down, for any repository, ref and secret.
 */
import { createHmac } from 'node:crypto';

export const SECRET = 'hook-canary-s3cret';
export const COMMIT = '594b48eeb4afd4308dec3f8797d9f605f24057d8';
export const ZEROS = '0'.repeat(40);

/** What a delivery tells. */
export interface PushFacts {
  ref: string;
  after: string;
  httpUrl: string;
  sshUrl: string;
  /** Path at the host. */
  project: string;
}

export interface Delivery {
  /** Below `/-/webhook`, such as `?token=x`. */
  query: string;
  headers: Record<string, string>;
  body: string;
}

export const TAG: PushFacts = {
  ref: 'refs/tags/v0.2.0',
  after: COMMIT,
  httpUrl: 'http://git.example:3000/go/common.git',
  sshUrl: 'ssh://git@git.example:2222/go/common.git',
  project: 'go/common',
};

/** The delivery of each host for a push of one ref. */
export const DELIVERIES = {
  gitlab: (facts: PushFacts, secret = SECRET): Delivery => gitLab(facts, 'project', secret),
  'gitlab-system': (facts: PushFacts, secret = SECRET): Delivery => gitLab(facts, 'system', secret),
  gitea: (facts: PushFacts, secret = SECRET): Delivery => {
    const body = hubBody(facts);
    const signature = hmac(body, secret);
    return json(body, {
      ...hubHeaders('push', `sha256=${signature}`),
      'x-gitea-delivery': '51ecee70-4c4b-4c73-bcf6-354af8e059bd',
      'x-gitea-event': 'push',
      'x-gitea-event-type': 'push',
      'x-gitea-signature': signature,
      'x-gogs-event': 'push',
      'x-gogs-signature': signature,
    });
  },
  forgejo: (facts: PushFacts, secret = SECRET): Delivery => {
    const body = hubBody(facts);
    return json(body, { 'x-forgejo-event': 'push', 'x-forgejo-signature': hmac(body, secret) });
  },
  github: (facts: PushFacts, secret = SECRET): Delivery => {
    const body = hubBody({ ...facts, sshUrl: facts.sshUrl.replace(/^ssh:\/\/(.*?)(?::\d+)?\//, '$1:') });
    return json(body, hubHeaders('push', `sha256=${hmac(body, secret)}`));
  },
  gerrit: (facts: PushFacts, secret = SECRET): Delivery => {
    const refUpdate = { oldRev: ZEROS, newRev: facts.after, refName: facts.ref, project: facts.project };
    const submitter = { name: 'Administrator', email: 'admin@example.com', username: 'admin' };
    const body = { submitter, refUpdate, type: 'ref-updated', eventCreatedOn: 1_700_147_670 };
    return { ...json(JSON.stringify(body), {}), query: `?token=${encodeURIComponent(secret)}` };
  },
} satisfies Record<string, (facts: PushFacts, secret?: string) => Delivery>;

/** A delivery of JSON; the content type is that of Gerrit's plugin. */
export function json(body: string, headers: Record<string, string>): Delivery {
  return { query: '', body, headers: { 'content-type': 'application/json; charset=utf-8', ...headers } };
}

export function hmac(body: string, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

function gitLab(
  { ref, after, httpUrl, sshUrl, project }: PushFacts,
  kind: 'project' | 'system',
  secret: string,
): Delivery {
  const before = ZEROS;
  const home = {
    path_with_namespace: project,
    git_ssh_url: sshUrl,
    git_http_url: httpUrl,
    default_branch: 'main',
  };
  const event = ref.startsWith('refs/tags/') ? 'tag_push' : 'push';
  const body =
    kind === 'system'
      ? { event_name: 'repository_update', project: home, changes: [{ before, after, ref }], refs: [ref] }
      : {
          object_kind: event,
          event_name: event,
          before,
          after,
          ref,
          checkout_sha: after,
          project: home,
          commits: [],
        };
  const name = kind === 'system' ? 'System Hook' : event === 'push' ? 'Push Hook' : 'Tag Push Hook';
  return json(JSON.stringify(body), { 'x-gitlab-event': name, 'x-gitlab-token': secret });
}

function hubHeaders(event: string, signature: string): Record<string, string> {
  return { 'x-github-event': event, 'x-github-delivery': 'd3ad', 'x-hub-signature-256': signature };
}

/** Indented, as Gitea sends it: the signature is over these very bytes. */
function hubBody({ ref, after, httpUrl, sshUrl, project }: PushFacts): string {
  const repository = { id: 1, name: project.split('/').at(-1), full_name: project, private: true };
  const urls = {
    html_url: httpUrl.replace(/\.git$/, ''),
    ssh_url: sshUrl,
    clone_url: httpUrl,
    default_branch: 'main',
  };
  const push = {
    ref,
    before: ZEROS,
    after,
    commits: [],
    total_commits: 0,
    repository: { ...repository, ...urls },
  };
  return JSON.stringify(push, undefined, 2);
}
