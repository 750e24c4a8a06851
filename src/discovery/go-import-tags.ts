/**
 * The go-import tags of a page (`cmd/go/internal/vcs/discovery.go`; Go Modules Reference, "Finding a repository for a
 * module path"). Pure.
 *
 *     <meta name="go-import" content="ROOT VCS REPOSITORY [SUBDIRECTORY]">
 *
 * Pages are read as loosely as the go command reads them: what stands before `</head>` or `<body>`, in any case, with or
 * without quotes.
 */

export interface GoImport {
  /** The import path that stands for the root of the repository, or for `subdir` in it. */
  root: string;
  vcs: string;
  repo: string;
  subdir: string;
}

/** A comment, or a tag and its attributes; of an unfinished one nothing. */
const TAG = /<!--[^]*?-->|<(\/?[A-Za-z][A-Za-z0-9]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/g;
const ATTRIBUTE = /([A-Za-z_:][-\w:.]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The tags in their order. Tags with another number of fields are ignored, as by the go command. */
export function parseGoImports(html: string): GoImport[] {
  const imports: GoImport[] = [];
  for (const [, name = '', text = ''] of html.matchAll(TAG)) {
    const tag = name.toLowerCase();
    if (tag === 'body' || tag === '/head') break;
    if (tag !== 'meta') continue;
    const attributes = attributesOf(text);
    if (attributes.get('name') !== 'go-import') continue;
    const [root, vcs, repo, subdir = '', ...more] = (attributes.get('content') ?? '').trim().split(/\s+/);
    if (root === undefined || vcs === undefined || repo === undefined || more.length > 0) continue;
    imports.push({ root, vcs, repo, subdir });
  }
  return imports;
}

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single, bare] of text.matchAll(ATTRIBUTE))
    attributes.set(name.toLowerCase(), decodeEntities(double ?? single ?? bare ?? ''));
  return attributes;
}

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});/gi, (whole, name: string) => {
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
