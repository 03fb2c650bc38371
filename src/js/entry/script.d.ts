// The script tag's file has no exports: it sets the global `appizer`.
import type * as tracker from './index.js';

declare global {
  /** The page's tracker, there once the script has run. */
  var appizer: typeof tracker;
}
