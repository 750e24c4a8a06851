import { describe, expect, it } from 'vitest';
import { parseGoImports } from '../../src/discovery/go-import-tags.js';

const FOUND = [{ root: 'ex.test/m', vcs: 'git', repo: 'https://git.ex.test/m', subdir: '' }];
const CONTENT = 'ex.test/m git https://git.ex.test/m';

describe('parseGoImports', () => {
  it.each([
    { name: 'a plain page', html: `<html><head><meta name="go-import" content="${CONTENT}"></head></html>` },
    { name: 'upper case', html: `<HTML><HEAD><META NAME="go-import" CONTENT="${CONTENT}"></HEAD>` },
    { name: 'single quotes, other order', html: `<meta content='${CONTENT}' name='go-import'/>` },
    { name: 'no quotes around a word', html: `<meta name=go-import content="${CONTENT}">` },
    {
      name: 'entities and breaks',
      html: `<meta name="go-import" content="ex.test&#x2f;m\n git https:&#47;/git.ex.test/m">`,
    },
    {
      name: 'a tag in a comment',
      html: `<!-- <meta name="go-import" content="a b c"> --><meta name="go-import" content="${CONTENT}">`,
    },
    {
      name: 'other tags',
      html: `<meta name="go-source" content="a b c d"><title>></title><meta name="go-import" content="${CONTENT}">`,
    },
  ])('reads $name', ({ html }) => {
    expect(parseGoImports(html)).toEqual(FOUND);
  });

  it.each([
    { name: 'after the head', html: `<head></head><meta name="go-import" content="${CONTENT}">` },
    { name: 'in the body', html: `<body><meta name="go-import" content="${CONTENT}">` },
    { name: 'with two fields', html: '<meta name="go-import" content="ex.test/m git">' },
    { name: 'with five fields', html: `<meta name="go-import" content="${CONTENT} sub more">` },
    { name: 'without an end', html: `<meta name="go-import" content="${CONTENT}"` },
  ])('ignores a tag $name', ({ html }) => {
    expect(parseGoImports(html)).toEqual([]);
  });

  it('knows the fourth field of Go 1.25', () => {
    const html = `<meta name="go-import" content="${CONTENT} go/mod">`;
    expect(parseGoImports(html)).toEqual([{ ...FOUND[0], subdir: 'go/mod' }]);
  });

  // With a pattern that looks at characters again and again, any of these takes minutes.
  it.each([
    '<a',
    '<!--',
    '<meta ',
    '<meta "',
    '="',
    '\'<a "',
    ' ',
    'a',
    '&#',
    '<meta name=go-import content="',
  ])('takes its time in proportion to a page of nothing but %j', (piece) => {
    const html = piece.repeat(1024 * 1024);
    for (const page of [html, `<meta ${html}>`, `<meta name="go-import" content="${html}">`]) {
      expect(parseGoImports(page)).not.toHaveLength(2);
    }
  });
});
