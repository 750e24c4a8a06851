import { describe, expect, it } from 'vitest';
import { expectedProof, isDeleted, parsePush, verifySecret, type Push } from '../../src/webhook/payload.js';
import { COMMIT, DELIVERIES, SECRET, TAG, ZEROS, hmac, json, type Delivery } from './deliveries.js';

const NAMES = Object.keys(DELIVERIES) as (keyof typeof DELIVERIES)[];

function parse({ headers, body }: Delivery): Push | 'ignored' {
  return parsePush(headers, Buffer.from(body));
}

function verify({ headers, body, query }: Delivery, secret = SECRET): boolean {
  const token = new URLSearchParams(query).get('token') ?? undefined;
  return verifySecret(headers, Buffer.from(body), secret, token);
}

describe('parsePush', () => {
  it.each(NAMES.filter((name) => name !== 'gerrit'))('reads refs and addresses of %s', (name) => {
    const push = parse(DELIVERIES[name](TAG));
    const forge = name === 'gitlab-system' ? 'gitlab' : name === 'forgejo' ? 'gitea' : name;
    const ssh = name === 'github' ? 'git@git.example:go/common.git' : TAG.sshUrl;
    expect(push).toEqual({
      forge,
      cloneUrls: [TAG.httpUrl, ssh],
      project: undefined,
      refs: [{ ref: 'refs/tags/v0.2.0', after: COMMIT }],
    });
  });

  it('reads the project of Gerrit, which tells no address', () => {
    expect(parse(DELIVERIES.gerrit(TAG))).toEqual({
      forge: 'gerrit',
      cloneUrls: [],
      project: 'go/common',
      refs: [{ ref: 'refs/tags/v0.2.0', after: COMMIT }],
    });
  });

  it.each([
    [
      'a branch by its short name',
      { type: 'ref-updated', refUpdate: { refName: 'main', newRev: COMMIT, project: 'p' } },
      [{ ref: 'refs/heads/main', after: COMMIT }],
    ],
    [
      'a merged change',
      { type: 'change-merged', change: { project: 'p', branch: 'main' }, newRev: COMMIT },
      [{ ref: 'refs/heads/main', after: COMMIT }],
    ],
    [
      'several refs at once, without those of reviews',
      {
        type: 'batch-ref-updated',
        refUpdates: [
          { refName: 'refs/changes/17/17/2', newRev: COMMIT, project: 'p' },
          { refName: 'refs/tags/v1.0.0', newRev: COMMIT, project: 'p' },
        ],
      },
      [{ ref: 'refs/tags/v1.0.0', after: COMMIT }],
    ],
  ])('reads %s of Gerrit', (_name, event, refs) => {
    expect(parse(json(JSON.stringify(event), {}))).toMatchObject({ project: 'p', refs });
  });

  it.each(NAMES)('tells that %s deleted a tag', (name) => {
    const push = parse(DELIVERIES[name]({ ...TAG, after: ZEROS }));
    expect(push !== 'ignored' && push.refs.every(isDeleted)).toBe(true);
  });

  it.each([
    ["GitHub's ping", json('{"zen":"Design for failure.","hook_id":1}', { 'x-github-event': 'ping' })],
    ['an issue of Gitea', json('{"action":"opened"}', { 'x-gitea-event': 'issues' })],
    ['a new tag that Gitea also tells as a push', json('{"ref":"v1.0.0"}', { 'x-gitea-event': 'create' })],
    ['a merge request of GitLab', json('{"object_kind":"merge_request"}', { 'x-gitlab-event': 'x' })],
    ['a new project of GitLab', json('{"event_name":"project_create"}', { 'x-gitlab-event': 'System Hook' })],
    ['a comment of Gerrit', json('{"type":"comment-added","change":{"project":"p"}}', {})],
    ['a change uploaded to Gerrit for review', DELIVERIES.gerrit({ ...TAG, ref: 'refs/changes/17/17/2' })],
    ['a note', DELIVERIES.gitea({ ...TAG, ref: 'refs/notes/commits' })],
    ['JSON of no forge we know', json('{}', {})],
  ])('ignores %s', (_name, delivery) => expect(parse(delivery)).toBe('ignored'));

  it.each([
    ['no JSON', json('payload=%7B%7D', { 'x-github-event': 'push' }), 'it is not JSON'],
    ['nothing', json('', { 'x-github-event': 'push' }), 'it is not JSON'],
    ['no object', json('[]', { 'x-gitlab-event': 'Push Hook' }), '"" is missing'],
    ['no ref', json('{"repository":{}}', { 'x-github-event': 'push' }), '"ref" is missing'],
    [
      'no project',
      json('{"object_kind":"push","ref":"x","after":"y"}', { 'x-gitlab-event': 'x' }),
      '"project"',
    ],
  ])('refuses %s', (_name, delivery, message) => {
    expect(() => parse(delivery)).toThrow(SyntaxError);
    expect(() => parse(delivery)).toThrow(message);
  });
});

describe('verifySecret', () => {
  it('agrees with the example in the documentation of GitHub', () => {
    const delivery = json('Hello, World!', {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    });
    expect(verify(delivery, "It's a Secret to Everybody")).toBe(true);
    expect(verify(delivery, "It's a Secret to Nobody")).toBe(false);
  });

  it.each(NAMES)('takes a delivery of %s with the right secret and no other', (name) => {
    expect(verify(DELIVERIES[name](TAG))).toBe(true);
    expect(verify(DELIVERIES[name](TAG, 'guess'))).toBe(false);
    expect(verify(DELIVERIES[name](TAG, `${SECRET}x`))).toBe(false);
    expect(verify(DELIVERIES[name](TAG, ''))).toBe(false);
  });

  it.each(['gitea', 'forgejo', 'github'] as const)('refuses headers of %s with another body', (name) => {
    const delivery = DELIVERIES[name](TAG);
    const body = delivery.body.replace('v0.2.0', 'v0.3.0');
    expect(verify({ ...delivery, body })).toBe(false);
  });

  it.each([
    ['no proof at all', {}],
    [
      'empty headers, as Gitea sends them without a secret',
      { 'x-gitea-signature': '', 'x-gitlab-token': '' },
    ],
    ['the secret where a signature belongs', { 'x-gitea-signature': SECRET, 'x-hub-signature-256': SECRET }],
    ['a signature where the secret belongs', { 'x-gitlab-token': hmac('{}', SECRET) }],
    ['a signature of SHA-1 only', { 'x-hub-signature': 'sha1=82ca50515909588eca942b6876331beef4a3fe04' }],
    ['Basic in place of Bearer', { authorization: `Basic ${SECRET}` }],
  ])('refuses %s', (_name, headers) => {
    expect(verify(json('{}', headers))).toBe(false);
  });

  it.each(['Bearer', 'bearer'])('takes Authorization: %s', (scheme) => {
    expect(verify(json('{}', { authorization: `${scheme} ${SECRET}` }))).toBe(true);
  });

  it('takes a secret that is not ASCII', () => {
    const asRead = Buffer.from('schlüssel').toString('latin1');
    expect(verify(json('{}', { 'x-gitlab-token': asRead }), 'schlüssel')).toBe(true);
  });
});

describe('expectedProof', () => {
  it.each([
    ['gitlab', 'X-Gitlab-Token'],
    ['gitea', 'X-Gitea-Signature'],
    ['forgejo', 'X-Forgejo-Signature'],
    ['github', 'X-Hub-Signature-256'],
    ['gerrit', '?token='],
  ] as const)('says what %s has to send', (name, header) => {
    expect(expectedProof(DELIVERIES[name](TAG).headers)).toContain(header);
  });
});
