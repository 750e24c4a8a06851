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

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The tags in their order. Tags with another number of fields are ignored, as by the go command. Takes time in proportion
 * to the length of the page, whatever is in it.
 */
export function parseGoImports(html: string): GoImport[] {
  const imports: GoImport[] = [];
  for (const { name, attributes } of tagsOf(html)) {
    if (name === 'body' || name === '/head') break;
    if (name !== 'meta') continue;
    const found = attributesOf(attributes);
    if (found.get('name') !== 'go-import') continue;
    const [root, vcs, repo, subdir = '', ...more] = (found.get('content') ?? '').trim().split(/\s+/);
    if (root === undefined || vcs === undefined || repo === undefined || more.length > 0) continue;
    imports.push({ root, vcs, repo, subdir });
  }
  return imports;
}

/** The tags of a page, their names in lower case. A comment or tag without an end goes to the end of the page. */
function* tagsOf(html: string): Generator<{ name: string; attributes: string }> {
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + '<!--'.length);
      if (end < 0) return;
      at = end;
      continue;
    }
    TAG_NAME.lastIndex = at + 1;
    const name = TAG_NAME.exec(html)?.[0];
    if (name === undefined) {
      at += 1;
      continue;
    }
    const start = at + 1 + name.length;
    const end = endOfTag(html, start);
    if (end < 0) return;
    yield { name: name.toLowerCase(), attributes: html.slice(start, end) };
    at = end;
  }
}

const TAG_NAME = /\/?[A-Za-z][A-Za-z0-9]*/y;

/** Where the `>` of a tag is, quoted ones apart; negative if it has none. */
function endOfTag(html: string, start: number): number {
  for (let at = start; at < html.length; at += 1) {
    const character = html[at];
    if (character === '>') return at;
    if (character !== '"' && character !== "'") continue;
    at = html.indexOf(character, at + 1);
    if (at < 0) return -1;
  }
  return -1;
}

/** Each is found in one go: no pattern looks at a character again that another one has passed. */
function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const name = matchAt(ATTRIBUTE_NAME, text, at);
    if (name === undefined) {
      at += 1;
      continue;
    }
    at += name.length;
    const equals = matchAt(EQUALS, text, at);
    if (equals === undefined) continue;
    at += equals.length;
    const value = matchAt(VALUE, text, at);
    if (value === undefined) continue;
    at += value.length;
    attributes.set(name.toLowerCase(), decodeEntities(/^["']/.test(value) ? value.slice(1, -1) : value));
  }
  return attributes;
}

const ATTRIBUTE_NAME = /[A-Za-z_:][-\w:.]*/y;
const EQUALS = /\s*=\s*/y;
const VALUE = /"[^"]*"|'[^']*'|[^\s"'>]+/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});/gi, (whole, name: string) => {
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
