/** esbuild puts this in the place of `__dirname` in the ESM builds for Node. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
export { folder as __dirname };
