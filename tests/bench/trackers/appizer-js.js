import { init, track } from '@appizer/tracker/js';
import { start } from './start.js';

start({ init, track });
