/**
 * What developers, CI jobs and tools have to be told to use this server, ready to be pasted. The variables come from the
 * same place as those of `modhaven env` and `/-/env`. Pure.
 */

export interface SetupFacts {
  /** How developers reach the server, without a trailing slash. */
  publicUrl: string;
  /** The variables of `go`, in the order in which they are printed. */
  variables: readonly (readonly [name: string, value: string])[];
  /** Whether requests need a login. */
  hasAuth: boolean;
}

export interface Snippet {
  id: string;
  title: string;
  /** The file that the text belongs to; undefined for a command. */
  file: string | undefined;
  text: string;
  note?: string;
}

/** One command for each shell. */
export function shellSnippets({ publicUrl }: SetupFacts): Snippet[] {
  const env = `${publicUrl}/-/env`;
  return [
    {
      id: 'sh',
      title: 'Linux, macOS, Git Bash',
      file: undefined,
      text: `eval "$(curl -fsS ${env})"`,
      note: 'For this shell. Put the line into ~/.bashrc or ~/.zshrc to keep it.',
    },
    {
      id: 'fish',
      title: 'fish',
      file: undefined,
      text: `curl -fsS ${env} | source`,
      note: 'For this shell. Put the line into ~/.config/fish/config.fish to keep it.',
    },
    {
      id: 'powershell',
      title: 'PowerShell',
      file: undefined,
      text: `(Invoke-WebRequest -UseBasicParsing '${env}?format=powershell').Content | Invoke-Expression`,
      note: 'For this session. Put the line into $PROFILE to keep it.',
    },
    {
      id: 'go-env',
      title: 'For good, on any system with a POSIX shell',
      file: undefined,
      text: `curl -fsS "${env}?format=go-env" | sh`,
      note: 'Writes the settings with go env -w. Undo it with go env -u GOPROXY GONOSUMDB GOSUMDB GONOPROXY.',
    },
  ];
}

/** The login for `go`, where one is needed. */
export function loginSnippets({ publicUrl }: SetupFacts): Snippet[] {
  const { host, protocol } = new URL(publicUrl);
  return [
    {
      id: 'netrc',
      title: 'Login',
      file: '~/.netrc, on Windows %USERPROFILE%\\_netrc',
      text: `machine ${host} login NAME password TOKEN`,
      note:
        'Your admin makes tokens with modhaven token add NAME.' +
        (protocol === 'http:'
          ? ' go sends logins over https only, and this server is reached over http.'
          : ''),
    },
  ];
}

/** For machines and editors. */
export function toolSnippets(facts: SetupFacts): Snippet[] {
  return [
    gitlab(facts),
    github(facts),
    renovate(facts),
    dependabot(facts),
    dockerfile(facts),
    bazel(facts),
    goland(facts),
    vscode(facts),
  ];
}

function gitlab({ variables, hasAuth, publicUrl }: SetupFacts): Snippet {
  const lines = variables.map(([name, value]) => `  ${name}: ${yamlText(value)}`);
  const login = hasAuth
    ? [
        'default:',
        '  id_tokens:',
        `    MODHAVEN_TOKEN: { aud: ${yamlText(publicUrl)} }`,
        '  before_script:',
        `    - echo "machine ${new URL(publicUrl).host} login ci password $MODHAVEN_TOKEN" > ~/.netrc`,
      ]
    : [];
  return {
    id: 'gitlab',
    title: 'GitLab CI',
    file: '.gitlab-ci.yml',
    text: ['variables:', ...lines, ...login].join('\n'),
    ...(hasAuth && {
      note: 'The job proves who it is by its id_token; a group or variable token works as well.',
    }),
  };
}

function github({ variables, hasAuth, publicUrl }: SetupFacts): Snippet {
  const lines = variables.map(([name, value]) => `  ${name}: ${yamlText(value)}`);
  const step = `- run: echo "machine ${new URL(publicUrl).host} login ci password $MODHAVEN_TOKEN" > ~/.netrc`;
  const login = hasAuth
    ? [
        '',
        '# the first step of each job:',
        step,
        '  env: { MODHAVEN_TOKEN: "${{ secrets.MODHAVEN_TOKEN }}" }',
      ]
    : [];
  return {
    id: 'github',
    title: 'GitHub Actions',
    file: '.github/workflows/*.yml',
    text: ['env:', ...lines, ...login].join('\n'),
  };
}

function renovate({ variables, hasAuth, publicUrl }: SetupFacts): Snippet {
  const env = Object.fromEntries(variables);
  const hostRules = hasAuth
    ? [{ matchHost: new URL(publicUrl).host, hostType: 'go', username: 'renovate', password: 'TOKEN' }]
    : undefined;
  const config = { customEnvVariables: env, ...(hostRules && { hostRules }) };
  return {
    id: 'renovate',
    title: 'Renovate',
    file: 'config.js of the bot',
    text: `module.exports = ${JSON.stringify(config, null, 2)}`,
    note: 'GOPROXY in the environment of the bot tells it where versions come from.',
  };
}

function dependabot({ publicUrl, hasAuth }: SetupFacts): Snippet {
  const login = hasAuth ? ['    username: dependabot', '    password: ${{ secrets.MODHAVEN_TOKEN }}'] : [];
  return {
    id: 'dependabot',
    title: 'Dependabot',
    file: '.github/dependabot.yml',
    text: [
      'version: 2',
      'registries:',
      '  modhaven:',
      '    type: goproxy-server',
      `    url: ${publicUrl}`,
      ...login,
      'updates:',
      '  - package-ecosystem: gomod',
      '    directory: /',
      '    schedule: { interval: weekly }',
      '    registries: [modhaven]',
    ].join('\n'),
  };
}

function dockerfile({ variables, hasAuth }: SetupFacts): Snippet {
  const env = variables.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' \\\n    ');
  const run = hasAuth
    ? 'RUN --mount=type=secret,id=netrc,target=/root/.netrc go mod download'
    : 'RUN go mod download';
  return {
    id: 'docker',
    title: 'Dockerfile',
    file: 'Dockerfile',
    text: `ENV ${env}\nCOPY go.mod go.sum ./\n${run}`,
    ...(hasAuth && { note: 'Build it with docker build --secret id=netrc,src=$HOME/.netrc .' }),
  };
}

function bazel({ variables }: SetupFacts): Snippet {
  return {
    id: 'bazel',
    title: 'Bazel (gazelle)',
    file: '.bazelrc',
    text: variables.map(([name, value]) => `common --repo_env=${name}=${value}`).join('\n'),
  };
}

function goland({ variables }: SetupFacts): Snippet {
  return {
    id: 'goland',
    title: 'GoLand',
    file: 'Settings → Go → Go Modules → Environment',
    text: variables.map(([name, value]) => `${name}=${value}`).join(';'),
    note: 'Not needed after go env -w.',
  };
}

function vscode({ variables }: SetupFacts): Snippet {
  return {
    id: 'vscode',
    title: 'VS Code',
    file: 'settings.json',
    text: JSON.stringify({ 'go.toolsEnvVars': Object.fromEntries(variables) }, null, 2),
    note: 'Not needed after go env -w.',
  };
}

/** A YAML scalar; JSON strings are YAML. */
function yamlText(value: string): string {
  return /^[A-Za-z][\w./-]*$/.test(value) && !/^(?:off|on|yes|no|true|false|null)$/i.test(value)
    ? value
    : JSON.stringify(value);
}
