/** `/-/status` as a page: the same facts as its JSON, with what needs attention first. */
import type { ComponentChildren, VNode } from 'preact';
import { Layout, Notice, type PageContext } from './layout.js';
import { sizeText } from '../../size-text.js';
import { labelOf } from './status-labels.js';

type Json = unknown;
type Section = Record<string, Json>;

export interface StatusProps {
  context: PageContext;
  /** What `/-/status` says as JSON. Keys that this page does not know are shown as they are. */
  status: Section;
}

/** Sections in the order of the page, with their titles; the rest follows. */
const TITLES: readonly (readonly [key: string, title: string])[] = [
  ['problems', 'Repositories that fail'],
  ['recentErrors', 'Last errors in the log'],
  ['queue', 'Queue'],
  ['running', 'Running now'],
  ['movedTags', 'Moved tags'],
  ['drift', 'Drift between old and new repositories'],
  ['unknownRepositories', 'Repositories that do not exist'],
  ['refusals', 'Refused reads'],
  ['store', 'Store'],
  ['redis', 'Redis between replicas'],
  ['cache', 'Cache and disk'],
  ['sumdb', 'Checksum database'],
  ['fetches', 'Recent fetches'],
  ['vanity', 'Rules'],
  ['auth', 'Access'],
  ['config', 'Configuration file'],
  ['settings', 'Configuration in force'],
  ['faults', 'Faults of modhaven itself'],
];

/** The section whose keys are names of settings. */
const SETTINGS = 'settings';

export function StatusPage({ context, status }: StatusProps): VNode {
  const troubles = troublesOf(status);
  const known = TITLES.filter(([key]) => status[key] !== undefined);
  const rest = Object.keys(status)
    .filter((key) => !['version', 'started'].includes(key) && !TITLES.some(([name]) => name === key))
    .map((key) => [key, labelOf(key)] as const);
  const sections = [...known, ...rest];
  return (
    <Layout context={context} title="Status · modhaven">
      <div class="wrap">
        <h1>Status</h1>
        <p class="faint">
          modhaven {text(status.version)}, running since {shown('started', status.started)}.{' '}
          <a href="/-/status?format=json">As JSON</a>
        </p>
        <Health troubles={troubles} />
        <Nothing of={sections.filter(([key]) => isEmpty(status[key]))} />
        {sections
          .filter(([key]) => !isEmpty(status[key]))
          .map(([key, title]) => (
            <section key={key} id={key} class="status-section" aria-labelledby={`${key}-title`}>
              <h2 id={`${key}-title`}>{title}</h2>
              <Value name={key} value={status[key]} />
            </section>
          ))}
      </div>
    </Layout>
  );
}

/** Lists in which there is nothing, in one line. */
function Nothing({ of }: { of: readonly (readonly [key: string, title: string])[] }): VNode | null {
  if (of.length === 0) return null;
  const titles = of.map(([, title]) => title.charAt(0).toLowerCase() + title.slice(1));
  return <p class="faint">None of these now: {titles.join(', ')}.</p>;
}

function isEmpty(value: Json): boolean {
  return Array.isArray(value) && value.length === 0;
}

interface Trouble {
  section: string;
  words: string;
}

function Health({ troubles }: { troubles: readonly Trouble[] }): VNode {
  if (troubles.length === 0) {
    return (
      <p class="health good" role="status">
        All is well.
      </p>
    );
  }
  return (
    <Notice isBad>
      <h2>{troubles.length === 1 ? 'One thing needs' : `${troubles.length} things need`} attention</h2>
      <ul>
        {troubles.map(({ section, words }) => (
          <li key={section + words}>
            <a href={`#${section}`}>{words}</a>
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** What an admin should look at, by the sections that say so. */
function troublesOf(status: Section): Trouble[] {
  const errorIn = (key: string, words: string): Trouble[] =>
    sectionOf(status[key]).error === undefined ? [] : [{ section: key, words }];
  const some = (section: string, count: number, one: string, many: string): Trouble[] =>
    count === 0 ? [] : [{ section, words: count === 1 ? `1 ${one}` : `${count} ${many}` }];
  const { damaged } = sectionOf(status.store);
  const differences = listOf(sectionOf(status.drift).differences).length;
  return [
    ...some('problems', listOf(status.problems).length, 'repository fails', 'repositories fail'),
    ...some(
      'movedTags',
      listOf(status.movedTags).length,
      'tag was moved or deleted',
      'tags were moved or deleted',
    ),
    ...some(
      'drift',
      differences,
      'version differs in its new repository',
      'versions differ in their new repository',
    ),
    ...(sectionOf(sectionOf(status.cache).disk).error === undefined
      ? []
      : [{ section: 'cache', words: 'the disk has no room: nothing new is fetched' }]),
    ...some('store', numberOf(damaged), 'stored part was damaged', 'stored parts were damaged'),
    ...some('faults', numberOf(status.faults), 'fault of modhaven itself', 'faults of modhaven itself'),
    ...errorIn('vanity', 'vanity.yaml has an error: the last good map is in use'),
    ...errorIn('config', 'modhaven.yaml has an error: the last good settings are in use'),
    ...errorIn('store', 'the store cannot be used: only what is in memory or copied is served'),
    ...errorIn('redis', 'Redis spares no work now: each replica does all of it'),
    ...errorIn('sumdb', 'the checksum database has an error'),
    ...some(
      'auth',
      listOf(sectionOf(status.auth).errors).length,
      'file of auth has an error',
      'files of auth have errors',
    ),
  ];
}

function numberOf(counted: Json): number {
  const { count } = sectionOf(counted);
  return typeof count === 'number' ? count : 0;
}

function Value({ name, value }: { name: string; value: Json }): VNode {
  if (Array.isArray(value)) return <List items={value} />;
  if (isSection(value)) return <Facts section={value} isVerbatim={name === SETTINGS} />;
  return <p>{shown(name, value)}</p>;
}

/** Characters from which on a cell may be broken into lines. */
const LONG = 48;

function List({ items }: { items: readonly Json[] }): VNode {
  if (items.length === 0) return <p class="faint">None.</p>;
  const sections = items.filter(isSection);
  if (sections.length < items.length) {
    return (
      <ul class="plain">
        {items.map((item, i) => (
          <li key={i} class="lines">
            {text(item)}
          </li>
        ))}
      </ul>
    );
  }
  if (sections.some((item) => Object.values(item).some(isNested))) {
    return (
      <ul class="plain records">
        {sections.map((item, i) => (
          <li key={i}>
            <Facts section={item} isVerbatim={false} />
          </li>
        ))}
      </ul>
    );
  }
  const keys = [...new Set(sections.flatMap((item) => Object.keys(item)))];
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Table">
      <table class="list">
        <thead>
          <tr>
            {keys.map((key) => (
              <th key={key} scope="col">
                {labelOf(key)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sections.map((item, i) => (
            <tr key={i}>
              {keys.map((key) => (
                <td key={key} class={text(item[key]).length > LONG ? 'lines long' : 'lines'}>
                  {shown(key, item[key])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** `isVerbatim`: the keys are those of modhaven.yaml, and stay as an admin writes them. */
function Facts({ section, isVerbatim }: { section: Section; isVerbatim: boolean }): VNode {
  const entries = Object.entries(section).filter(([, value]) => value !== undefined);
  return (
    <dl class="facts">
      {entries.map(([key, value]) => (
        <Entry key={key} name={key} value={value} label={isVerbatim ? <code>{key}</code> : labelOf(key)} />
      ))}
    </dl>
  );
}

function Entry(props: { name: string; value: Json; label: ComponentChildren }): VNode {
  const { name, value, label } = props;
  return (
    <>
      <dt>{label}</dt>
      <dd>{isNested(value) ? <Value name={name} value={value} /> : shown(name, value)}</dd>
    </>
  );
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const BYTES = /^(?:bytes|maxBytes|limit|wouldRemove|freedBytes|size|maxSize|memory)$/;

function shown(key: string, value: Json): ComponentChildren {
  if (typeof value === 'number') return BYTES.test(key) ? sizeText(value) : value.toLocaleString('en');
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(text).join(', ');
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string' && ISO.test(value)) {
    return (
      <time dateTime={value} title={value}>
        {value.slice(0, 19).replace('T', ' ')}
      </time>
    );
  }
  return <span class="lines">{text(value)}</span>;
}

function text(value: Json): string {
  if (typeof value === 'string') return value.trimEnd();
  return value === undefined ? '–' : JSON.stringify(value);
}

/** Whether it is more than one line says. */
function isNested(value: Json): boolean {
  return isSection(value) || (Array.isArray(value) && value.some(isSection));
}

function isSection(value: Json): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sectionOf(value: Json): Section {
  return isSection(value) ? value : {};
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
