// The core chunk: all that a page does not need before its own work.
export { loadCore } from './wasm.js';

/** The version of the package that this chunk is of. */
export const version = APPIZER_VERSION;
