// What the pages of a queue know of each other at once: short texts in localStorage. Where it is forbidden, full, or a
// worker's, and where the page wants nothing stored, they live as long as the page.
//
// An app may clear localStorage, which says nothing of the tracker: a text that has vanished is put back. What the tracker
// itself forgets it sets to an empty text, which other pages see.
import { read, write } from '../browser/local-storage.js';

/**
 * The texts of an instance. `projects` keeps apart what belongs to one of several projects: a text is found under the name of
 * the first, then of those that it replaced, then under the name that version 0.1.0 used.
 */
export function makeStorage(instance = 'default', memory = false, projects = []) {
  const known = {};
  /** Names of texts that localStorage did not take. */
  const unwritten = new Set();
  const place = (name, project) => `appizer:${instance}:${name}${project === undefined ? '' : `.${project}`}`;
  const own = (name) => place(name, projects[0]);

  function get(name) {
    if (memory || unwritten.has(name)) return known[name] || undefined;
    const stored = read(own(name));
    if (stored != null) known[name] = stored;
    else if (known[name]) write(own(name), known[name]);
    else known[name] ??= readBefore(name);
    return known[name] || undefined;
  }

  function readBefore(name) {
    const places = projects.slice(1).map((project) => place(name, project));
    return [...places, place(name)].map(read).find((text) => text != null) ?? '';
  }

  return {
    get,

    /** Returns true if the text exists, even if it was forgotten. */
    isKnown: (name) => get(name) !== undefined || (!memory && read(own(name)) != null),

    /** Without a text it is forgotten, by all pages. */
    set(name, text = '') {
      const isKnown = text || get(name);
      known[name] = text;
      if (memory || !isKnown) return;
      if (write(own(name), text)) unwritten.delete(name);
      else unwritten.add(name);
    },
  };
}
