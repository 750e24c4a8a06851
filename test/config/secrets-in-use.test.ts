import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';
import { redact } from '../../src/redact.js';

it('knows the secrets of the settings', () => {
  const text = `upstream: https://ci:up-Canary-1@proxy.corp
webhook: { secret: hook-Canary-2 }
vcs: { hosts: { git.corp: { token: token-Canary-3 } } }
`;
  parseConfig(text, undefined, {});
  const said = 'up-Canary-1, hook-Canary-2, token-Canary-3';
  expect(redact(`a git host repeats: ${said}`)).toBe('a git host repeats: ***, ***, ***');
});
