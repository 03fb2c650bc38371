// The page's live trackers, by their options.
import { AppizerError } from './options.js';

const live = new Set();

/** Takes note of a tracker; throws where another one has its queue under another key: that would be two projects with one name. */
export function claim(options) {
  const { instance = 'default', apiKey } = options;
  for (const other of live) {
    if ((other.instance ?? 'default') === instance && other.apiKey !== apiKey) {
      const message = `another tracker of this page uses the instance "${instance}" with another key: give this one an instance of its own, createTracker({ apiKey, instance: "shop" })`;
      throw new AppizerError('invalid_option', message, 'instance');
    }
  }
  live.add(options);
}

/** Forgets a tracker that is closed or could not start. */
export function release(options) {
  live.delete(options);
}
