/** What every command does with wrong words and wrong files. */
import { describe, expect, it } from 'vitest';
import { modhaven } from './support/server.js';
import { files } from './cli/support/files.js';

const VANITY = 'host: mycompany.com\npaths:\n  /foo: http://git.mycompany.com/foo.git\n';

describe('modhaven', () => {
  const wrong: { name: string; args: string[]; says: string }[] = [
    { name: 'an unknown command', args: ['sreve'], says: "error: unknown command 'sreve'" },
    { name: 'an unknown option', args: ['serve', '--confg', 'x'], says: "error: unknown option '--confg'" },
    {
      name: 'an option without its value',
      args: ['env', '--config'],
      says: "error: option '--config <file>' argument missing",
    },
    {
      name: 'an unknown format',
      args: ['env', '--format', 'fish'],
      says: "error: option '--format <format>' argument 'fish' is invalid",
    },
    {
      name: 'an unknown log level',
      args: ['serve', '--log-level', 'loud'],
      says: "error: option '--log-level <level>' argument 'loud' is invalid",
    },
    { name: 'too many words', args: ['env', 'more'], says: "error: too many arguments for 'env'" },
    {
      name: 'an address that is none',
      args: ['serve', '--listen', 'nowhere'],
      says: 'modhaven: --listen "nowhere" is not an address to listen at. Write HOST:PORT',
    },
    {
      name: 'a file that is not there',
      args: ['env', '--config', '/nonexistent/modhaven.yaml'],
      says: 'modhaven: /nonexistent/modhaven.yaml: the configuration file cannot be read: ENOENT',
    },
  ];
  it.each(wrong)('exits with 2 and one sentence: $name', async ({ args, says }) => {
    const { code, stdout, stderr } = await modhaven(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    // commander may add "(Did you mean serve?)" on a line of its own.
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('without a command shows what there is, and exits with 2', async () => {
    const { code, stderr } = await modhaven([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: modhaven');
  });

  it('shows its version', async () => {
    expect(await modhaven(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  const help = [
    { command: [], mentions: ['serve', 'check', 'env', '--verbose', '--version'] },
    {
      command: ['serve'],
      mentions: ['--config <file>', '--listen <host:port>', '--log-level <level>', '--verbose'],
    },
    { command: ['check'], mentions: ['--config <file>', '--json', '[module...]', '--verbose'] },
    { command: ['warm'], mentions: ['<wanted...>', '--config <file>', '--json', 'go.sum'] },
    { command: ['export'], mentions: ['<dir>', '[wanted...]', '--config <file>', '--json'] },
    { command: ['import'], mentions: ['<dir>', '--config <file>', '--dry-run', '--json', 'Athens'] },
    { command: ['env'], mentions: ['--config <file>', '--format <format>', 'powershell', '--verbose'] },
  ];
  it.each(help)('$command --help', async ({ command, mentions }) => {
    const { code, stdout, stderr } = await modhaven([...command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const word of mentions) expect(stdout).toContain(word);
  });

  describe.each(['serve', 'check', 'env'])('%s', (command) => {
    it('names file, line and column of a mistake in modhaven.yaml', async () => {
      const { config } = await files({ config: 'listen: 127.0.0.1:0\nrefesh: 30s\n', vanity: VANITY });
      const { code, stdout, stderr } = await modhaven([command, '--config', config]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`${config}:2:1: `);
      expect(stderr).toContain('"refesh"');
      expect(stderr).toContain('refresh');
      expect(stderr).not.toMatch(/^\s+at /m);
    });

    it('names file, line and column of a mistake in vanity.yaml', async () => {
      const { config, vanity } = await files({
        vanity: `${VANITY}  /bar: gopher://h/x\n  /baz: { vcs: cvs, repo: http://h/x }\n`,
      });
      const { code, stdout, stderr } = await modhaven([command, '--config', config]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`${vanity}:4:9: `);
      expect(stderr).toContain(`${vanity}:5:16: `);
    });
  });

  it('adds the stack of an error only when told to', async () => {
    const { config } = await files({ config: 'refresh: soon\n', vanity: VANITY });
    const plain = await modhaven(['env', '--config', config]);
    const verbose = await modhaven(['--verbose', 'env', '--config', config]);
    expect(plain.stderr).not.toMatch(/^\s+at /m);
    expect(verbose.stderr.startsWith(plain.stderr)).toBe(true);
    expect(verbose.stderr).toMatch(/^\s+at .*load-config/m);
    expect(await modhaven(['env', '--verbose', '--config', config])).toMatchObject({ code: 2 });
  });

  it('says which address is taken', async () => {
    const { config } = await files({ config: 'listen: 192.0.2.1:1\n', vanity: VANITY });
    const { code, stderr } = await modhaven(['serve', '--config', config]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^modhaven: cannot listen on 192\.0\.2\.1:1: .*EADDRNOTAVAIL.*; choose another address/,
    );
  });
});
