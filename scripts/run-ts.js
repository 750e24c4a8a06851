/**
 * `node scripts/run-ts.js FILE [ARGUMENTS]`: runs `main(argv)` of a TypeScript file that is not part of the program. Vite
 * reads such a file, and the parts of `test/support` that it uses, as they are.
 */
import path from 'node:path';
import { runnerImport } from 'vite';

const [node, , file, ...rest] = process.argv;
const { module } = await runnerImport(path.resolve(file), { configFile: false, oxc: { target: 'node20' } });
await module.main([node, file, ...rest]);
