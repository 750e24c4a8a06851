import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  loginSnippets,
  shellSnippets,
  toolSnippets,
  type SetupFacts,
} from '../../../src/web/content/setup.js';

const FACTS: SetupFacts = {
  publicUrl: 'https://goproxy.example:8443',
  variables: [
    ['GOPROXY', 'https://goproxy.example:8443'],
    ['GONOSUMDB', 'corp.example,*.corp.example'],
    ['GONOPROXY', 'none'],
  ],
  hasAuth: true,
};
const text = (facts: SetupFacts, id: string): string =>
  toolSnippets(facts).find((snippet) => snippet.id === id)?.text ?? '';

it('has one command for each shell, all from /-/env', () => {
  const commands = shellSnippets(FACTS).map((snippet) => snippet.text);
  expect(commands[0]).toBe('eval "$(curl -fsS https://goproxy.example:8443/-/env)"');
  expect(commands.every((command) => command.includes('https://goproxy.example:8443/-/env'))).toBe(true);
});

it('shows the netrc line with the port, and says where it would not be sent', () => {
  expect(loginSnippets(FACTS)[0]?.text).toBe('machine goproxy.example:8443 login NAME password TOKEN');
  expect(loginSnippets(FACTS)[0]?.note).not.toContain('https only');
  expect(loginSnippets({ ...FACTS, publicUrl: 'http://goproxy.example' })[0]?.note).toContain('https only');
});

describe('of the tools', () => {
  it('the YAML is YAML, with the variables as they are', () => {
    const gitlab = parse(text(FACTS, 'gitlab')) as Record<string, unknown>;
    expect(gitlab.variables).toEqual(Object.fromEntries(FACTS.variables));
    expect(gitlab.default).toMatchObject({ id_tokens: { MODHAVEN_TOKEN: { aud: FACTS.publicUrl } } });
    const github = parse(text({ ...FACTS, hasAuth: false }, 'github')) as Record<string, unknown>;
    expect(github).toEqual({ env: Object.fromEntries(FACTS.variables) });
    const dependabot = parse(text(FACTS, 'dependabot')) as { registries: { modhaven: unknown } };
    expect(dependabot.registries.modhaven).toMatchObject({ type: 'goproxy-server', url: FACTS.publicUrl });
  });

  it('a login stands only where one is needed, and no password stands anywhere', () => {
    const open = toolSnippets({ ...FACTS, hasAuth: false }).map(
      (snippet) => snippet.text + (snippet.note ?? ''),
    );
    expect(open.join('\n')).not.toMatch(/netrc|password|TOKEN/);
    expect(text(FACTS, 'docker')).toContain('--mount=type=secret,id=netrc');
  });

  it('the JSON is JSON', () => {
    expect(JSON.parse(text(FACTS, 'vscode'))).toEqual({
      'go.toolsEnvVars': Object.fromEntries(FACTS.variables),
    });
  });
});
