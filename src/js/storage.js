// What the pages of a queue know of each other at once: short texts in localStorage. Where it is forbidden, full, or a
// worker's, and where the page wants nothing stored, they live as long as the page.
import { find, keep } from './store.js';

export function makeStorage(instance = 'default', memory = false) {
  const own = {};
  const place = (name) => `appizer:${instance}:${name}`;

  return {
    /** Whether other pages see it. */
    isShared: () => !memory && keep(place('probe')),

    get: (name) => (memory || name in own ? own[name] : find(place(name)) || undefined),

    /** Without a text it forgets. */
    set(name, text) {
      if (memory || !keep(place(name), text)) own[name] = text;
      else delete own[name];
    },
  };
}
