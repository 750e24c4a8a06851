/**
 * The README of a version as HTML that is safe to show: Markdown without raw HTML, links that lead to files of the same
 * version or plainly elsewhere, and pictures out of the same zip only, so that reading a page sends nothing to other servers.
 */
import MarkdownIt, { type MarkdownIt as Markdown } from 'markdown-it';
import { fileHref, rawHref, type VersionRef } from './links.js';

/** Pictures that are shown out of zips, by their endings. */
export const PICTURES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['svg', 'image/svg+xml'],
]);

export interface ReadmeContext {
  ref: VersionRef;
  /** The README itself, relative to the root of the module. */
  file: string;
  /** The names of all files of the version. */
  files: readonly string[];
}

/** A README whose links are looked up. */
interface Rendering extends ReadmeContext {
  /** `files` in order: a README may have as many links as a module has files. */
  sorted: readonly string[];
}

/** The name of the README among `files`, by preference. */
export function findReadme(files: readonly string[]): string | undefined {
  const found = files.filter((name) => /^readme(?:\.(?:md|markdown|txt|rst|adoc))?$/i.test(name));
  const rank = (name: string) => (isMarkdown(name) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))[0];
}

export function isMarkdown(file: string): boolean {
  return /\.(?:md|markdown)$/i.test(file);
}

/** The ending of a file name in lower case; '' if there is none. */
export function endingOf(file: string): string {
  return /\.([^./]+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
}

/** Markdown as HTML. Whatever the text holds, the result has no script, no form, and loads nothing from elsewhere. */
export function renderMarkdown(text: string, context: ReadmeContext): string {
  const markdown = new MarkdownIt({ html: false, linkify: true, typographer: false, maxNesting: 40 });
  const rendering = { ...context, sorted: [...context.files].sort() };
  markdown.validateLink = (url) => targetOf(url, rendering) !== undefined;
  headingsWithAnchors(markdown);
  linksThatStay(markdown, rendering);
  picturesOfTheZip(markdown, rendering);
  taskLists(markdown);
  return markdown.render(withoutTags(text));
}

/** Whether there is a file or folder called `name` among `sorted` names of files. */
function isAmong(sorted: readonly string[], name: string): boolean {
  return (
    name !== '' &&
    (firstFrom(sorted, name) === name || firstFrom(sorted, `${name}/`)?.startsWith(`${name}/`) === true)
  );
}

/** The first of `sorted` that is not before `text`. */
function firstFrom(sorted: readonly string[], text: string): string | undefined {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return sorted[low];
}

/**
 * Many READMEs hold HTML for the layout, which would be shown as text. What is outside of code loses such tags; a tag that
 * is left is shown as text, as everything is that Markdown does not know.
 */
function withoutTags(text: string): string {
  let inFence: string | undefined;
  return withoutComments(text)
    .split('\n')
    .map((line) => {
      const fence = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
      if (fence !== undefined && (inFence === undefined || fence.startsWith(inFence))) {
        inFence = inFence === undefined ? fence : undefined;
        return line;
      }
      if (inFence !== undefined || /^(?: {4}|\t)/.test(line) || !line.includes('<')) return line;
      return line
        .split(/(`+[^`]*`+)/)
        .map((piece, i) => (i % 2 === 1 ? piece : piece.replace(LAYOUT_TAG, tagText)))
        .join('');
    })
    .join('\n');
}

/** By hand: a pattern would look for the end of each of a hundred thousand beginnings. */
function withoutComments(text: string): string {
  let result = '';
  let at = 0;
  for (let start = text.indexOf('<!--'); start >= 0; start = text.indexOf('<!--', at)) {
    const end = text.indexOf('-->', start + 4);
    if (end < 0) break;
    result += text.slice(at, start);
    at = end + 3;
  }
  return result + text.slice(at);
}

const LAYOUT_TAG =
  /<\/?(?:a|b|br|center|details|div|em|h[1-6]|hr|i|img|kbd|li|ol|p|picture|samp|source|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]*)?\/?>/gi;

/** A picture of the zip is one in Markdown, too; any other tag for the layout says nothing. */
function tagText(tag: string): string {
  if (!/^<img\s/i.test(tag)) return '';
  const attribute = (name: string) =>
    new RegExp(`\\s${name}\\s*=\\s*["']([^"'<>]*)["']`, 'i').exec(tag)?.[1] ?? '';
  const [source, alt] = [attribute('src'), attribute('alt')];
  return source === '' || /[\s()[\]\\]/.test(source) ? alt : `![${alt.replace(/[[\]\\]/g, '')}](${source})`;
}

/** `#usage` of a README must not meet an id of the page around it. */
const PREFIX = 'readme-';

function headingsWithAnchors(markdown: Markdown): void {
  markdown.core.ruler.push('anchors', (state) => {
    const seen = new Map<string, number>();
    let level = 2; // the page has the first two
    for (const [i, token] of state.tokens.entries()) {
      if (token.type !== 'heading_open' && token.type !== 'heading_close') continue;
      if (token.type === 'heading_open') {
        const slug = slugOf(state.tokens[i + 1]?.content ?? '');
        const count = seen.get(slug) ?? 0;
        seen.set(slug, count + 1);
        token.attrSet('id', `${PREFIX}${slug}${count === 0 ? '' : `-${count}`}`);
      }
      // No level is left out, whatever the author does: a reader that hears them would look for it.
      if (token.type === 'heading_open') level = Math.min(6, level + 1, Number(token.tag.slice(1)) + 2);
      token.tag = `h${level}`;
    }
  });
}

/** The anchor of a heading, as code hosts make it; some write `--` where others write `-`, so both are `-` here. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/[\s-]+/g, '-');
}

/** `[ ]` and `[x]` at the beginning of a list item are boxes, as code hosts show them. */
function taskLists(markdown: Markdown): void {
  markdown.core.ruler.push('tasks', (state) => {
    for (const [i, token] of state.tokens.entries()) {
      const item = state.tokens[i - 2];
      const text = token.children?.[0];
      if (token.type !== 'inline' || item?.type !== 'list_item_open' || text?.type !== 'text') continue;
      const [mark, box] = /^\[([ xX])\] /.exec(text.content) ?? [];
      if (mark === undefined) continue;
      item.attrJoin('class', 'task');
      text.content = `${box === ' ' ? '☐' : '☑'} ${text.content.slice(mark.length)}`;
    }
  });
}

function linksThatStay(markdown: Markdown, context: Rendering): void {
  markdown.core.ruler.push('links', (state) => {
    for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== 'link_open') continue;
      const target = targetOf(String(token.attrGet('href') ?? ''), context) ?? '#';
      token.attrSet('href', target);
      if (/^[a-z]+:/i.test(target)) token.attrSet('rel', 'nofollow noopener noreferrer');
    }
  });
}

function picturesOfTheZip(markdown: Markdown, context: Rendering): void {
  const { escapeHtml } = markdown.utils;
  markdown.renderer.rules.image = (tokens, index) => {
    const token = tokens[index];
    const source = String(token?.attrGet('src') ?? '');
    const alt = escapeHtml(token?.content ?? '');
    const file = fileOf(source, context);
    if (file !== undefined && PICTURES.has(endingOf(file))) {
      return `<img src="${escapeHtml(rawHref(context.ref, file))}" alt="${alt}" loading="lazy">`;
    }
    // Elsewhere, or not there: what it shows in words, and nothing is loaded.
    return alt === '' ? '' : `<span class="picture">${alt}</span>`;
  };
}

/** Where a link of the README leads on these pages; undefined for what is not a link here. */
function targetOf(url: string, context: Rendering): string | undefined {
  if (/^(?:https?:\/\/|mailto:)/i.test(url)) return url;
  if (url.startsWith('#')) return `#${PREFIX}${decoded(url.slice(1)).toLowerCase().replace(/-+/g, '-')}`;
  if (/^[a-z][a-z0-9+.-]*:/i.test(url) || url.startsWith('//') || url.includes('\\')) return undefined;
  const [, path = '', hash = ''] = /^([^?#]*)(?:\?[^#]*)?(#.*)?$/.exec(url) ?? [];
  const file = fileOf(path, context);
  if (file === undefined) return '#';
  return fileHref(context.ref, file) + hash.replace(/[^#\w.-]/g, '');
}

/** The file of the zip that a relative address means; undefined if there is none. */
function fileOf(address: string, { file: readme, sorted }: Rendering): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(address) || address.startsWith('//')) return undefined;
  const [path = ''] = address.split(/[?#]/, 1);
  const base = path.startsWith('/') ? [] : readme.split('/').slice(0, -1);
  const elements = [...base];
  for (const element of decoded(path).split('/')) {
    if (element === '..') {
      if (elements.pop() === undefined) return undefined;
    } else if (element !== '' && element !== '.') {
      elements.push(element);
    }
  }
  const name = elements.join('/');
  return isAmong(sorted, name) ? name : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
