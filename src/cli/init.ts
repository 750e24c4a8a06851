/** `modhaven init`: writes both configuration files, commented, for a first start. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig } from '../config/load-config.js';
import { ModhavenError, errorMessage } from '../errors.js';
import { makeFolder } from '../fs/make-folder.js';
import { vanityFromSally, type ConvertedMap } from '../vanity/from-sally.js';
import { parseVanity } from '../vanity/vanity-file.js';
import { shellWord } from '../shell-word.js';
import type { AskForText } from './terminal/prompt.js';

export interface InitOptions {
  host?: string;
  git?: string;
  /** A sally.yaml whose packages become the rules; nothing is asked then. */
  sally?: string;
  dir: string;
  yes?: boolean;
  /** Asks the person at the terminal; undefined where there is none. */
  ask: AskForText | undefined;
}

const DEFAULT_HOST = 'mycompany.com';

/** Writes the files; what to do next, as text. Throws CONFIG for a bad answer, or if one of the files exists. */
export async function init(options: InitOptions): Promise<string> {
  const { dir } = options;
  const files = { config: path.join(dir, 'modhaven.yaml'), vanity: path.join(dir, 'vanity.yaml') };
  for (const file of Object.values(files)) if (existsSync(file)) throw exists(file);
  const { host, text: vanity } =
    options.sally === undefined ? await askedMap(options) : vanityFromSally(options.sally);
  const config = configText(host);
  parseConfig(config, files.config, {});
  parseVanity(vanity, files.vanity, { defaultHost: host });
  await write(dir, files.config, config);
  await write(dir, files.vanity, vanity);
  return [
    `${files.config} and ${files.vanity} are written.`,
    'Try the repositories, then run the server:',
    `  modhaven check --config ${shellWord(files.config)}`,
    `  modhaven serve --config ${shellWord(files.config)}`,
    '',
  ].join('\n');
}

/** The map of one rule, by flags and answers. */
async function askedMap({ yes = false, ...options }: InitOptions): Promise<ConvertedMap> {
  const ask = yes ? undefined : options.ask;
  if (!yes && ask === undefined && (options.host === undefined || options.git === undefined)) {
    throw new ModhavenError('CONFIG', 'there is no terminal to ask questions on', {
      remedy: 'name --host and --git, or take the defaults with --yes',
    });
  }
  const host = options.host ?? (await answer(ask, 'The host that import paths begin with', DEFAULT_HOST));
  const defaultGit = `https://gitlab.${host}/go/{name}.git`;
  const git =
    options.git ?? (await answer(ask, 'Where the repositories are, {name} for the name of one', defaultGit));
  return { host, text: vanityText(host, git) };
}

async function answer(ask: AskForText | undefined, question: string, preset: string): Promise<string> {
  const text = ask === undefined ? '' : await ask(`${question} [${preset}]: `);
  return text === '' ? preset : text;
}

function exists(file: string): ModhavenError {
  return new ModhavenError('CONFIG', `${file} exists already, and nothing is replaced`, {
    remedy: 'choose another folder with --dir, or move the file away',
  });
}

async function write(dir: string, file: string, text: string): Promise<void> {
  try {
    await makeFolder(dir);
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    throw new ModhavenError('CONFIG', `${file} cannot be written`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}

function configText(host: string): string {
  return `# Settings of modhaven. Every key has a default; what is commented out is an example.
# Where the server listens. :10000 is every address of this machine; 127.0.0.1:10000 this machine only.
listen: 127.0.0.1:10000

# How developers reach the server.
# public_url: http://goproxy.${host}:10000

# The file that maps import paths to repositories.
vanity: ./vanity.yaml

cache:
  # Where versions and git mirrors are kept. Back it up: it guarantees that a version never changes.
  dir: ./data

# Where public modules come from: off, or a GOPROXY list.
upstream: off
# upstream: \${GOPROXY}

# Credentials for git hosts; without an entry, ~/.netrc and ~/.ssh of the server's account are used.
# vcs:
#   hosts:
#     gitlab.${host}:
#       token: \${GITLAB_TOKEN}
`;
}

function vanityText(host: string, git: string): string {
  const key = git.includes('{name}') ? '/{name}' : '/go';
  return `# Import paths and the repositories behind them. An edit takes effect within a second.
host: ${JSON.stringify(host)}
paths:
  # ${host}${key}${key === '/go' ? '' : ': {name} is any one element'}
  ${key}: ${JSON.stringify(git)}
`;
}
