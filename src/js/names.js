// Names that nobody else has, and the anonymous id where it can be read at once.

/** 96 random bits as 16 letters of base64url. */
export function uniqueName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'[byte & 63]).join('');
}

/**
 * The anonymous id of the queue: its row in IndexedDB decides, and this copy serves a page that leaves before
 * the database is open.
 */
export function anonymousId(instance) {
  let id;
  try {
    id = localStorage.getItem(place(instance));
  } catch {
    // Storage is forbidden here: an id for the life of the page.
  }
  return id ?? keepAnonymousId(instance, uniqueName());
}

/** Keeps the copy. */
export function keepAnonymousId(instance, id) {
  try {
    localStorage.setItem(place(instance), id);
  } catch {
    // As above.
  }
  return id;
}

const place = (instance = 'default') => `appizer:${instance}:anonymous`;
