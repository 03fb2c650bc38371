// The timers of `timeEvent`: the next event of the name tells how long it took.
import { steadyNow } from '../browser/environment.js';
import { isPlain } from './event.js';

export function makeTimers() {
  const starts = new Map();

  return {
    start: (name) => void starts.set(name, steadyNow()),

    /** Returns the event's properties, with its duration if it was timed. */
    end(name, properties) {
      const start = starts.get(name);
      if (start === undefined || !isPlain(properties ?? {})) return properties;
      starts.delete(name);
      return { $duration_ms: Math.round(steadyNow() - start), ...properties };
    },
  };
}
