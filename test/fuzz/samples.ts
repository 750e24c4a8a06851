/** Good inputs of every format that comes from outside, small and made without any program. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { deflateSync } from 'node:zlib';
import { pack as tarPack } from 'tar-stream';
import { createZipWriter } from '../../src/zip/writer.js';
import { collector } from '../zip/read-zip.js';

export const GO_MOD = `// Deprecated: use v2
module "example.com/m" // indirect

go 1.21
require (
	a.example/b v1.2.3
	c.example/d v0.0.0-20200101000000-abcdefabcdef // indirect
)
retract [v1.0.0, v1.1.0] // wrong
replace a.example/b => ../b
exclude c.example/d v1.0.0
`;

export const MODHAVEN_YAML = `listen: 127.0.0.1:10000
public_url: http://goproxy.example.com
cache: { dir: ./data, max_size: 50GiB }
private: [a.example, "*.b.example"]
refresh: 30s
vcs:
  timeout: 2m
  hosts:
    git.example.com: &host { username: u, token: "t" }
    "git.example.com:8443": *host
`;

export const VANITY_YAML = `host: my.example
cache_max_age: 60
paths:
  /go/foo: { repo: http://git.example.com/foo.git, subdir: src, display: "H D F" }
  /go/{name}: http://git.example.com/go/{name}.git
  /go/deep/{path...}: ssh://git@git.example.com:2222/{path}.git
  other.example/lib: [ git@git.example.com:lib.git, https://b.example/lib ]
`;

export const WEBHOOKS: Record<string, { headers: Record<string, string>; body: string }> = {
  gitlab: {
    headers: { 'x-gitlab-event': 'Push Hook' },
    body: JSON.stringify({
      object_kind: 'push',
      ref: 'refs/heads/main',
      after: 'a'.repeat(40),
      project: { git_http_url: 'http://g.example/a.git', git_ssh_url: 'git@g.example:a.git' },
    }),
  },
  github: {
    headers: { 'x-github-event': 'push' },
    body: JSON.stringify({
      ref: 'refs/tags/v1.0.0',
      after: 'b'.repeat(40),
      repository: { clone_url: 'https://g.example/a.git', ssh_url: 'git@g.example:a.git' },
    }),
  },
  gerrit: {
    headers: {},
    body: JSON.stringify({
      type: 'ref-updated',
      refUpdate: { project: 'a/b', refName: 'refs/heads/main', newRev: 'c'.repeat(40) },
    }),
  },
};

export const HTPASSWD = `# who may read
ann:$2y$05$${'a'.repeat(53)}
bob:$2b$10$${'b'.repeat(53)}
`;

export const GROUPS = `ann: core, ops
bob: core
`;

export const TOKENS_YAML = `tokens:
  - name: ci
    hash: sha256:${'0'.repeat(64)}
    groups: [core]
    created: 2026-01-01T00:00:00Z
    expires: 2027-01-01T00:00:00Z
revoked:
  - { name: old, hash: "sha256:${'1'.repeat(64)}", revoked: 2026-02-01T00:00:00Z }
`;

export const GO_SUM = `a.example/b v1.2.3 h1:${'A'.repeat(43)}=
a.example/b v1.2.3/go.mod h1:${'B'.repeat(43)}=
`;

export const GO_IMPORT_PAGE = `<!DOCTYPE html>
<html><head><!-- a comment -->
<meta name="go-import" content="a.example/b git https://git.example/b.git sub">
<META CONTENT='a.example/b&amp;c mod https://proxy.example' NAME=go-import />
</head><body><a href="/">x</a></body></html>
`;

const HASH = createHash('sha1').update('x').digest();

/** A tree object of three entries. */
export const TREE = Buffer.concat(
  ['100644 a', '40000 b', '120000 c'].flatMap((entry) => [Buffer.from(`${entry}\0`), HASH]),
);

const BLOB = Buffer.from('hello, gopher\n'.repeat(20));

/** 20 bytes of BLOB, then three new ones, then the last 200. */
export const DELTA = Buffer.concat([
  size(BLOB.length),
  size(223),
  Buffer.from([0x90, 20, 3]),
  Buffer.from('abc'),
  Buffer.from([0x91, BLOB.length - 200, 200]),
]);

/** A pack of BLOB and of what `delta` makes of it, with the frame and the sum that they need. */
export function packWith(delta: Buffer): Buffer {
  const base = entry(3, BLOB);
  const second = packed(6, delta.length, Buffer.concat([Buffer.from([base.length]), deflateSync(delta)]));
  return sealed(Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x02', 'latin1'), base, second]));
}

/** A pack of a blob, a delta of it by offset, and a tree, as git writes packs of version 2. */
export function packSample(): Buffer {
  const base = entry(3, BLOB);
  const delta = Buffer.concat([size(BLOB.length), size(20), Buffer.from([0x91, 0, 20])]);
  const second = packed(6, delta.length, Buffer.concat([Buffer.from([base.length]), deflateSync(delta)]));
  const tree = Buffer.concat([Buffer.from('100644 a\0'), HASH]);
  return sealed(
    Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x03', 'latin1'), base, second, entry(2, tree)]),
  );
}

/** A pack with the checksum that its content needs, so that what is inside is read at all. */
export function sealed(content: Buffer): Buffer {
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

function entry(type: number, content: Buffer): Buffer {
  return packed(type, content.length, deflateSync(content));
}

function packed(type: number, length: number, rest: Buffer): Buffer {
  const head = [(type << 4) | (length & 15)];
  for (let left = length >> 4; left > 0; left >>= 7) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0x80;
    head.push(left & 0x7f);
  }
  return Buffer.concat([Buffer.from(head), rest]);
}

function size(length: number): Buffer {
  const bytes: number[] = [];
  for (let left = length; ; left >>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left]);
    bytes.push((left & 0x7f) | 0x80);
  }
}

export async function tarSample(): Promise<Buffer> {
  const tar = tarPack();
  tar.entry({ name: 'go.mod' }, 'module example.com/m\n');
  tar.entry({ name: `${'long/'.repeat(40)}file.go` }, 'package m\n');
  tar.entry({ name: 'link', type: 'symlink', linkname: 'go.mod' });
  tar.finalize();
  return buffer(Readable.from(tar as AsyncIterable<Buffer>));
}

export async function zipSample(): Promise<Buffer> {
  const sink = collector();
  const writer = createZipWriter(sink);
  await writer.addBuffer('example.com/m@v1.0.0/go.mod', Buffer.from('module example.com/m\n'));
  await writer.addBuffer('example.com/m@v1.0.0/a.go', Buffer.from('package a\n'.repeat(50)));
  await writer.finish();
  return sink.bytes();
}
