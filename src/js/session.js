// A visit: its events carry the same `$session_id`. It ends after a time without events, in all tabs together, and not
// at midnight.
import { steadyNow, uniqueName } from './environment.js';

/** `timeout`: milliseconds without an event that end a session. */
export function makeSession(storage, timeout) {
  let id;
  let steadyLast;

  return {
    /** An event is tracked now: the id of its session. */
    touch() {
      const now = Date.now();
      const steady = steadyNow();
      const [stored, last] = (storage.get('session') ?? '').split(' ');
      const gap = now - last;
      const lives = stored && (Math.abs(gap) < timeout || (stored === id && steady - steadyLast < timeout && clockWasSet(gap)));
      id = lives ? stored : uniqueName();
      steadyLast = steady;
      // Not for every event: what is a hundredth of the time too old ends no session too early that anyone would miss.
      if (!lives || Math.abs(gap) >= timeout / 100) storage.set('session', `${id} ${now}`);
      return id;
    },

    /** The session as it is, for an event that is no sign of life. */
    current() {
      return id ?? this.touch();
    },

    end() {
      id = undefined;
      storage.set('session');
    },
  };
}

// The page's steady clock saw no such gap. It may stand still while the device sleeps, but nothing sleeps backwards,
// and hardly anything for so long.
const clockWasSet = (gap) => gap < 0 || gap > POLICY_LONGEST_SLEEP;
