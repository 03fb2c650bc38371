// Names that nobody else has, and the anonymous id where it can be read at once.
import { find, keep } from './store.js';

/** 96 random bits as 16 letters of base64url. */
export function uniqueName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'[byte & 63]).join('');
}

/**
 * The anonymous id of the queue: its row in IndexedDB decides, and this copy serves a page that leaves before
 * the database is open. Where storage is forbidden it is an id for the life of the page.
 */
export function anonymousId(instance) {
  return find(place(instance)) || keepAnonymousId(instance, uniqueName());
}

/** Keeps the copy. */
export function keepAnonymousId(instance, id) {
  keep(place(instance), id);
  return id;
}

const place = (instance = 'default') => `appizer:${instance}:anonymous`;
