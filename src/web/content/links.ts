/** The addresses of the pages. Every link between pages is made here. */

/** A version of a module; `version` is undefined for whatever is the newest. */
export interface VersionRef {
  module: string;
  version?: string | undefined;
}

export const ASSETS = '/-/assets/';
export const RAW = '/-/raw/';
export const PHASES = '/-/phases/';

/** The page of a module or of one of its versions. */
export function moduleHref(ref: VersionRef, query: Record<string, string> = {}): string {
  return `/${refText(ref)}${queryText(query)}`;
}

/** The page that shows a file, or a folder if there is no file of that name. */
export function fileHref(ref: VersionRef, file: string): string {
  return moduleHref(ref, { tab: 'files', file });
}

/** The bytes of a picture in the zip of a version. */
export function rawHref(ref: VersionRef, file: string): string {
  return `${RAW}${refText(ref)}/${encodePath(file)}`;
}

/** The phases of a fetch, as server-sent events. */
export function phasesHref(ref: VersionRef): string {
  return `${PHASES}${refText(ref)}`;
}

/** The page of a version at the documentation site that `docs_url` (`template`) names. */
export function docsHref(template: string, { module, version }: { module: string; version: string }): string {
  return template
    .replaceAll('{path}', encodeURI(module))
    .replaceAll('{version}', encodeURIComponent(version));
}

export function searchHref(query: string, page = 1): string {
  return `/-/modules${queryText({ ...(query !== '' && { q: query }), ...(page > 1 && { page: String(page) }) })}`;
}

function refText({ module, version }: VersionRef): string {
  return encodePath(module) + (version === undefined ? '' : `@${encodePath(version)}`);
}

function queryText(query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

/** Slashes stay; what is safe in a path stays readable. */
function encodePath(path: string): string {
  return path
    .split('/')
    .map((element) => encodeURIComponent(element).replaceAll('%2B', '+').replaceAll('%40', '@'))
    .join('/');
}
