// The core chunk: all that a page does not need before its own work.
export { logEvent, logNotice, logSettings, printReport, warningOf } from './console.js';
export { loadInstance } from './instance.js';

/** The version of the package that this chunk is of. */
export const version = APPIZER_VERSION;
