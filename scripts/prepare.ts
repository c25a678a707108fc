/** What `npm test` and `npm run demo` need in a fresh clone: the encodings, and the addon if this machine can compile it. */
import { MerganserError } from '../lib/errors';
import { buildAddon } from '../lib/cli/build-addon';
import './build-encodings';

if (process.env['MERGANSER_BACKEND'] === 'js') {
  console.log('MERGANSER_BACKEND=js: the native addon is not built.');
} else {
  try {
    console.log('Building the native addon …');
    buildAddon();
  } catch (error) {
    if (!(error instanceof MerganserError)) throw error;
    console.log(`${error.message} The TypeScript backend takes its place.`);
  }
}
