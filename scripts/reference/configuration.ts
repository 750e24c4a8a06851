/** docs/configuration.md: every key of modhaven.yaml, from the schema that the program reads the file with. */
import { variableName, variableNames } from '../../src/config/environment.js';
import { configKeys, type ConfigKey, type KeyForm } from '../../src/config/keys.js';
import { ConfigFile } from '../../src/config/schema.js';

const INTRODUCTION = `# Configuration

<!-- Made by \`npm run reference\` from src/config/schema.ts; edit there. -->

Two files: \`vanity.yaml\` maps import paths to repositories ([the commented example](../config/vanity.yaml)), \`modhaven.yaml\` holds
the settings below ([the commented example](../config/modhaven.yaml)). Every key has a default; an empty file is valid.

## Where a value comes from

A flag of the command line wins over a variable of the environment, a variable over the file, the file over the default.
\`modhaven check\` prints which of them each value came from, and \`modhaven check --json\` has all of them in \`settings\`.

**The file** is the one given with \`--config\`; else that of the variable \`MODHAVEN_CONFIG\`; else \`./modhaven.yaml\`; else
\`modhaven/modhaven.yaml\` in \`$XDG_CONFIG_HOME\`, in \`%APPDATA%\`, or in \`~/.config\`. Without a file every setting has its default.
Relative paths, also those of variables, are relative to the folder of the file, or without one to the working directory.
\`\${NAME}\` in the file takes a variable of the environment; one that is not set is an error. Where it is all of a value, it may be a number, true or
false, or a list by commas, if the key wants one. An unknown key is an error that names the nearest known one.

**Variables** have the name of the key: \`MODHAVEN_\` and its path in upper case, with \`_\` for every other character. Elements of a list
are separated by commas. A secret may also come from a file: \`MODHAVEN_WEBHOOK_SECRET_FILE=/run/secrets/webhook\`. An empty variable
counts as not set. What a list of maps holds (\`auth.rules\`) is set in the file only.

A host of \`vcs.hosts\` is part of the name: \`MODHAVEN_VCS_HOSTS_GITLAB_MYCOMPANY_COM_TOKEN\`. It is the entry of the file whose key is
written so; where there is none, each \`_\` stands for a dot, and digits behind a name are the port
(\`MODHAVEN_VCS_HOSTS_GIT_CORP_8443_TOKEN\`). A host with a dash in its name needs an entry in the file, which may be empty.

**While the server runs**, both files are read again when they change and on \`SIGHUP\`, and take effect at once. A file with an error
changes nothing, nor does one that was emptied, because editors do that before they write (\`{}\` stands for every default). Either may
have 2 MiB. \`listen\`, \`cache.dir\`, \`workers\`, and whether there is \`tls\` at all, take effect at the next start, and the log
says so. Variables are those that the server was started with.
`;

/** Variables that are not keys: name, meaning. */
const OTHER_VARIABLES: readonly (readonly [string, string])[] = [
  ['MODHAVEN_CONFIG', 'the configuration file, where `--config` is not given'],
  ['MODHAVEN_LOG_LEVEL', 'how much `serve` logs, where `--log-level` is not given'],
  ['PORT', 'the port to listen at, on every address, where `listen` is set nowhere'],
  ['XDG_CONFIG_HOME, APPDATA', 'where `modhaven/modhaven.yaml` is looked for; default: `~/.config`'],
  [
    'XDG_DATA_HOME, LOCALAPPDATA',
    'where `cache.dir` is by default (`modhaven` in it), without a file or with the one above; else it is `./data`',
  ],
  [
    'XDG_CACHE_HOME',
    'where compiled code of the program is kept for the next start (`modhaven` in it); default: `~/.cache`',
  ],
  ['NODE_DISABLE_COMPILE_CACHE', 'no compiled code is kept, if it is set'],
  [
    'HTTPS_PROXY, HTTP_PROXY, NO_PROXY',
    'the web proxy towards git hosts, upstreams and checksum databases, also in lower case',
  ],
  ['SSL_CERT_FILE, SSL_CERT_DIR', 'certificates to trust, in place of those of the system'],
  ['NO_COLOR', 'no colours on a terminal'],
];

/** The text of docs/configuration.md. */
export function configurationReference(): string {
  const keys = configKeys(ConfigFile);
  const lines = [INTRODUCTION, '## Keys', ''];
  for (const key of keys) lines.push(...entryOf(key));
  lines.push('## Other variables', '', '| variable | meaning |', '| --- | --- |');
  for (const [names, meaning] of OTHER_VARIABLES) {
    lines.push(`| ${names.replaceAll(/[A-Z_]+/g, (name) => `\`${name}\``)} | ${meaning} |`);
  }
  lines.push('', '## All keys', '', '| key | default | variable |', '| --- | --- | --- |');
  for (const key of keys) {
    const variable = variableNames(key).length === 0 ? '' : `\`${shownVariable(key)}\``;
    lines.push(`| \`${shownPath(key)}\` | ${presetOf(key)} | ${variable} |`);
  }
  return `${lines.join('\n')}\n`;
}

function entryOf(key: ConfigKey): string[] {
  const words = key.choices.map((word) => `\`${word}\``);
  const forms = key.forms.filter((form) => words.length === 0 || form !== 'text').map((form) => FORMS[form]);
  const facts = [[...words, ...forms].join(' or ')];
  const preset = presetOf(key);
  if (preset !== '') facts.push(`default ${preset}`);
  if (variableNames(key).length > 0) facts.push(`variable \`${shownVariable(key)}\``);
  if (key.secret) facts.push('may be read from a file: the same variable with `_FILE` at its end');
  return [`### \`${shownPath(key)}\``, '', key.description, '', `- ${facts.join('; ')}`, ''];
}

const FORMS: Record<KeyForm, string> = {
  text: 'text',
  number: 'a number',
  boolean: '`true` or `false`',
  list: 'a list',
  entries: 'entries, in the file only',
};

function shownPath({ path }: ConfigKey): string {
  return path.map((part) => (part === '*' ? 'HOST' : part)).join('.');
}

function shownVariable({ path }: ConfigKey): string {
  return variableName(path).replace('*', 'HOST');
}

function presetOf({ preset }: ConfigKey): string {
  if (preset === undefined || (typeof preset === 'object' && Object.keys(preset ?? {}).length === 0)) {
    return '';
  }
  return `\`${typeof preset === 'string' ? preset : JSON.stringify(preset)}\``;
}
