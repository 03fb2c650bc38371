// What the browser's global scope offers and tells of, in a page or a worker; each thing may be missing. One file: the runner
// of the crate's own browser tests serves four modules at once, and hangs now and then over more.
//
// A page may have names of its own: `var performance`, `<form name="title">`, `<nav id="navigation">`. So what is taken from
// the global scope is tested for what it is, and a document is asked by the browser's own accessors, which no element hides.
// The build puts `globalThis.` before every global name, so that no `const crypto` of the page hides it.

const OF_THE_SCOPE = ['pagehide', 'pageshow', 'online', 'offline'];
const OF_THE_DOCUMENT = ['visibilitychange', 'freeze', 'resume'];

// What `answer` is told; see src/browser/store.rs.
const LIFE = 14;

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

/** Seeds the jitter. */
export const seed = () => Math.random() * 2 ** 53;

/** Whether the browser says it has a network; where it says nothing, it has. 1 or 0: numbers cross as they are. */
export const isOnline = () => +(globalThis.navigator?.onLine ?? true);

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

/** A member of the document; nothing where there is no document, or the browser has no such member. */
export function ofDocument(name) {
  const { document } = globalThis;
  for (let at = document && Document.prototype; at; at = Object.getPrototypeOf(at)) {
    const member = Object.getOwnPropertyDescriptor(at, name);
    if (member) return member.get ? member.get.call(document) : member.value.bind(document);
  }
}

/** Tells `answer(LIFE, 0, type)` of every event, and `hidden` or `visible` of a change of that, until `stop`. */
export function watchLife(answer) {
  const tell = ({ type }) => answer(LIFE, 0, type === 'visibilitychange' ? ofDocument('visibilityState') : type);
  return { stop: listen(tell, OF_THE_SCOPE, OF_THE_DOCUMENT) };
}

/** Returns what ends it. */
export function listen(listener, ofScope, ofDocument = [], options) {
  const { document } = globalThis;
  const each = (how) => {
    ofScope.forEach((type) => globalThis[how]?.(type, listener, options));
    if (document) ofDocument.forEach((type) => EventTarget.prototype[how].call(document, type, listener, options));
  };
  each('addEventListener');
  return () => each('removeEventListener');
}
