// The script tag's file has no exports: it sets the global `appizer`.
import type * as tracker from './index.js';

/** A call for `appizer.q`: a function's name and its arguments, or the time of the call before that. */
export type QueuedCall = [name: keyof tracker.Tracker, ...args: any[]] | [time: number, name: keyof tracker.Tracker, ...args: any[]];

declare global {
  /** The page's tracker, there once the script has run. `q` takes calls before that, if the page has the stub, and after. */
  var appizer: typeof tracker & { q: { push(...calls: QueuedCall[]): void } };
}
