// The browser's global scope, in a page or a worker. Each part may be missing.
//
// A page may have names of its own: `var performance`, `<form name="title">`, `<nav id="navigation">`. So what is taken from
// the global scope is tested for what it is, and a document is asked by the browser's own accessors, which no element hides.
// The build puts `globalThis.` before every global name, so that no `const crypto` of the page hides it.

/** Returns true in a browser. What imitates one for tests, as jsdom and happy-dom do, lacks what every browser has. */
export const isBrowser = () => 'indexedDB' in globalThis && 'TextEncoder' in globalThis;

let started;
let latest = 0;

/**
 * The page's own clock in milliseconds: it never runs backwards, whatever becomes of the system's clock. It starts as the wall
 * clock stands, and may stand still while the device sleeps.
 */
export function steadyNow() {
  const { performance } = globalThis;
  const ticks = typeof performance?.now === 'function' ? performance.now() : undefined;
  if (typeof ticks !== 'number') return (latest = Math.max(latest, Date.now()));
  started ??= Date.now() - ticks;
  return started + ticks;
}

/** Empty where the browser has none. */
export const userAgent = () => globalThis.navigator?.userAgent ?? '';

/** 96 random bits as 16 letters of base64url. */
export function uniqueName() {
  const { crypto } = globalThis;
  const bytes = new Uint8Array(16);
  if (typeof crypto?.getRandomValues === 'function') crypto.getRandomValues(bytes);
  else bytes.forEach((_, place) => (bytes[place] = Math.random() * 256));
  return Array.from(bytes, (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'[byte & 63]).join('');
}

/** Returns a member of the document; nothing where there is no document, or the browser has no such member. */
export function ofDocument(name) {
  const { document } = globalThis;
  for (let at = document && Document.prototype; at; at = Object.getPrototypeOf(at)) {
    const member = Object.getOwnPropertyDescriptor(at, name);
    if (member) return member.get ? member.get.call(document) : member.value.bind(document);
  }
}

/** Returns true while the browser loads the page ahead of a visit. */
export const isPrerendering = () => ofDocument('prerendering') === true;

/** Returns a name that the pages of this tab share, empty where none can be kept; nothing but in Firefox (`Setup::tab` in src/core). */
export function tabName() {
  if (!userAgent().includes('Firefox/')) return;
  try {
    const tab = sessionStorage.getItem('appizer:tab') ?? Math.random().toString(36).slice(2);
    sessionStorage.setItem('appizer:tab', tab);
    return tab;
  } catch {
    return '';
  }
}

/** Calls `listener` for events of the scope and of the document, which come by the scope on their way; returns what ends it. */
export function listen(listener, types, options) {
  const how = { capture: true, ...options };
  types.forEach((type) => globalThis.addEventListener?.(type, listener, how));
  return () => types.forEach((type) => globalThis.removeEventListener?.(type, listener, how));
}
