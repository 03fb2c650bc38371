// Where the facade finds the core: in the same file.
import * as core from './core.js';

export const loadChunk = async () => core;
