import { init, track } from '@appizer/tracker';
import { start } from './start.js';

start({ init, track });
