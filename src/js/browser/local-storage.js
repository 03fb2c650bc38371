// Texts in localStorage, which may be forbidden, full, or absent in a worker.

/** Returns a text; null where there is none, undefined where none can be read. */
export function read(place) {
  try {
    return localStorage.getItem(place);
  } catch {
    // Forbidden, or a worker.
  }
}

/** Returns true if the browser took the text. */
export function write(place, text) {
  try {
    // Writing costs many times what reading does: all other pages are told of it.
    if (localStorage.getItem(place) !== text) localStorage.setItem(place, text);
    return true;
  } catch {
    return false;
  }
}

export function remove(place) {
  try {
    localStorage.removeItem(place);
  } catch {
    // As above.
  }
}

/** Returns the places that begin with `prefix`. */
export function names(prefix) {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

/** Removes all texts of an instance but the visitor's own word, and notes that its database is to be cleared, too (src/browser/local_storage.rs). */
export function forgetTexts(instance) {
  const word = ['opt_out', 'opt_in'].map((name) => `appizer:${instance}:${name}`);
  names(`appizer:${instance}:`).forEach((place) => word.includes(place) || remove(place));
  write(forgetPlace(instance), '1');
}

/** Notes that the database is cleared. */
export const noteForgotten = (instance) => remove(forgetPlace(instance));

const forgetPlace = (instance) => `appizer:${instance}:forget`;
