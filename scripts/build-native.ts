/** npm run build:native */
import { buildAddon } from '../lib/cli/build-addon';

buildAddon();
