// The package's default entry: the page's one tracker, and a maker of others.
import { makeTracker } from '../start/tracker.js';

const tracker = /* @__PURE__ */ makeTracker();

export const { init, track, page, identify, reset, flush, on, stats, close, debug } = tracker;
export const { register, registerOnce, unregister, timeEvent, optOut, optIn, consent, hasOptedOut } = tracker;
export const { deadLetters, resendDeadLetters, discardDeadLetters } = tracker;

/** @type {typeof import('./index.d.ts').createTracker} */
export function createTracker(options) {
  const other = makeTracker();
  other.init(options).catch((error) => console.error(error));
  return other;
}
