import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { modhaven } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { files } from './support/files.js';

const VANITY = `
host: mycompany.com
paths:
  /go/{name}: http://git.mycompany.com/go/{name}.git
  other.corp/lib: http://git.mycompany.com/lib.git
  github.com/mycompany/fork: http://git.mycompany.com/fork.git
  github.com/mycompany/{name}/sub: http://git.mycompany.com/{name}.git
`;
const PRIVATE = 'github.com/mycompany/*/sub,github.com/mycompany/fork,mycompany.com,other.corp';
const CONFIG = 'public_url: http://goproxy.mycompany.com:10000/\nupstream: https://proxy.corp\n';

describe('modhaven env', () => {
  it('prints what sh understands', async () => {
    const { config } = await files({ config: CONFIG, vanity: VANITY });
    const { code, stdout } = await modhaven(['env', '--config', config]);
    expect(code).toBe(0);
    const shell = ['-c', `${stdout}\nprintf '%s\\n' "$GOPROXY" "$GONOSUMDB" "$GONOPROXY"; env`];
    const printed = (await mustRun('sh', shell)).split('\n');
    expect(printed.slice(0, 3)).toEqual(['http://goproxy.mycompany.com:10000', PRIVATE, 'none']);
    expect(printed).toContain(`GONOSUMDB=${PRIVATE}`); // exported
    expect(stdout).not.toContain('GOINSECURE');
  });

  it('prints what PowerShell understands', async () => {
    const { config } = await files({ config: CONFIG, vanity: VANITY });
    const { stdout } = await modhaven(['env', '--config', config, '--format', 'powershell']);
    expect(stdout).toBe(
      `$env:GOPROXY = 'http://goproxy.mycompany.com:10000'\n$env:GONOSUMDB = '${PRIVATE}'\n$env:GONOPROXY = 'none'\n`,
    );
  });

  it.skipIf(missing('go'))('prints commands that change the settings of go', async () => {
    const { config } = await files({ config: CONFIG, vanity: VANITY });
    const { stdout } = await modhaven(['env', '--config', config, '--format', 'go-env']);
    const env = { GOENV: path.join(await tempDir('goenv'), 'env'), GOTOOLCHAIN: 'local' };
    await mustRun('sh', ['-e', '-c', stdout], { env });
    expect(await mustRun('go', ['env', 'GOPROXY', 'GONOSUMDB', 'GONOPROXY'], { env })).toBe(
      `http://goproxy.mycompany.com:10000\n${PRIVATE}\nnone\n`,
    );
  });

  it.each(['0.0.0.0:18000', ':18000', '[::]:18000', 'unix:/run/x.sock'])(
    'says that localhost is not for others where it listens on %s',
    async (listen) => {
      const { config } = await files({ config: `listen: "${listen}"\n`, vanity: VANITY });
      const { stdout } = await modhaven(['env', '--config', config]);
      expect(stdout).toMatch(/^# public_url is not set, /);
    },
  );

  it('says in a comment that public modules are not served where upstream is off', async () => {
    const { config } = await files({ vanity: VANITY });
    const { stdout } = await modhaven(['env', '--config', config]);
    expect(stdout).toMatch(/^# upstream is off: .*\nexport GOPROXY=http:\/\/127\.0\.0\.1:10000\n/);
    expect(await mustRun('sh', ['-c', `${stdout}\necho "$GOPROXY"`])).toBe('http://127.0.0.1:10000\n');
  });
});
