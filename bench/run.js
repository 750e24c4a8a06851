/** Starts the benchmark. Its files, and the parts of test/support it uses, are TypeScript: vite reads them as they are. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const { module } = await runnerImport(main, { configFile: false, oxc: { target: 'node20' } });
await module.main(process.argv);
