/** The story of one module as text for people: a word, then what there is to say. */
import type { Origin } from '../../module/origin.js';
import type { Explanation, RepositoryStory, TagStory } from './explanation.js';

/** Lines of `WORD  TEXT`; what belongs to the same word stands below it. */
export function explainReport(story: Explanation): string {
  const { module, query, version, rule, root, subdir } = story;
  const sections: [word: string, lines: string[]][] = [
    ['module', [`${module}${version === undefined ? '' : ` ${version}`}${askedFor(query, version)}`]],
    ['rule', [rule === undefined ? noRule(story) : `${rule.key} (${rule.file}:${rule.line})`]],
  ];
  if (story.private !== undefined) {
    sections.push([
      'private',
      [`${story.private}: no upstream and no public checksum database is asked for it`],
    ]);
  }
  if (root !== undefined && subdir !== undefined) {
    sections.push(['root', [subdir === '' ? root : `${root} (directory ${subdir} of the repository)`]]);
  }
  for (const repository of story.repositories) sections.push(['repository', repositoryLines(repository)]);
  if (story.upstream.length === 0) {
    sections.push(['cache', [cacheLine(story)]]);
    sections.push(['origin', originLines(story)]);
    if (story.tag !== undefined) sections.push(['tag', [tagLine(story.tag)]]);
  }
  sections.push(['go is told', goLines(story)]);
  sections.push(['timings', story.timings.map(({ step, ms }) => `${String(ms).padStart(6)} ms  ${step}`)]);
  const width = Math.max(...sections.map(([word]) => word.length)) + 2;
  const lines = sections.flatMap(([word, texts]) =>
    texts.map((text, index) => `${(index === 0 ? word : '').padEnd(width)}${text}`.trimEnd()),
  );
  return `${lines.join('\n')}\n`;
}

function askedFor(query: string | undefined, version: string | undefined): string {
  if (query === version) return '';
  return query === undefined ? ' (the newest)' : ` (asked for as ${query})`;
}

function noRule({ upstream, private: reason }: Explanation): string {
  if (reason !== undefined) return 'none covers this module';
  if (upstream.length === 0) return 'none covers this module, and there is no upstream to ask';
  return `none covers this module: it is asked for upstream, at ${upstream.join(', ')}`;
}

function repositoryLines(story: RepositoryStory): string[] {
  const { url, hostEntry, credential, sshOptions, reached, defaultBranch, versions, revision } = story;
  const options = Object.entries(sshOptions).map(([name, value]) => `${name}=${value}`);
  const lines = [
    url,
    `login: ${credential ?? 'none'}${hostEntry === undefined ? '' : ` (entry vcs.hosts.${hostEntry})`}`,
  ];
  if (options.length > 0) lines.push(`ssh options: ${options.join(', ')}`);
  if (reached) {
    lines.push(`reached; default branch ${defaultBranch ?? 'none'}; ${counted(versions ?? 0, 'version')}`);
  }
  if (revision !== undefined) {
    lines.push(`${revision.version} is commit ${revision.commit} of ${revision.time}`);
  }
  if (story.problem !== undefined) lines.push(`${reached ? 'but' : 'NOT reached'}: ${story.problem}`);
  if (story.remedy !== undefined) lines.push(`to do: ${story.remedy}`);
  return lines;
}

function cacheLine({ cache, version }: Explanation): string {
  if (version === undefined) return 'unknown, because the version is';
  const parts = (['info', 'mod', 'zip'] as const).map(
    (kind) => `.${kind} ${cache[kind] === undefined ? 'not stored' : counted(cache[kind], 'byte')}`,
  );
  if (cache.h1 !== undefined) parts.push(cache.h1);
  return parts.join(', ');
}

function originLines({ origin }: Explanation): string[] {
  const lines: string[] = [];
  if (origin.recorded !== undefined) lines.push(`recorded: ${originText(origin.recorded)}`);
  if (origin.now !== undefined) lines.push(`now:      ${originText(origin.now)}`);
  return lines.length === 0 ? ['unknown'] : lines;
}

function originText({ URL, Subdir, Hash, Ref }: Origin): string {
  return [URL, Subdir === undefined ? undefined : `directory ${Subdir}`, Ref, Hash]
    .filter((part) => part !== undefined)
    .join(' ');
}

function tagLine({ name, state, recorded, now }: TagStory): string {
  switch (state) {
    case 'same':
      return `${name} points at the recorded commit`;
    case 'moved':
      return `${name} was MOVED: it points at ${now ?? ''}, the stored version is ${recorded} and stays so`;
    case 'gone':
      return `${name} is GONE from the repository; the stored version is ${recorded} and stays so`;
    case 'unknown':
      return `${name}: no repository could be asked where it points now`;
  }
}

function goLines({ go, upstream }: Explanation): string[] {
  const home = upstream.length === 0 ? 'git' : 'the upstream';
  const width = Math.max(0, ...go.map(({ request }) => request.length));
  return go.flatMap(({ request, status, text, cached }) => [
    `${request.padEnd(width)}  ${status}${status === 200 ? (cached ? ' from the cache' : ` from ${home}`) : ''}`,
    ...(text?.split('\n').map((line) => `    ${line}`) ?? []),
  ]);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
