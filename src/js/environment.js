// What the browser's global scope offers and tells of, in a page or a worker; each thing may be missing. One file: the runner
// of the crate's own browser tests serves four modules at once, and hangs now and then over more.

const OF_THE_SCOPE = ['pagehide', 'pageshow', 'online', 'offline'];
const OF_THE_DOCUMENT = ['visibilitychange', 'freeze', 'resume'];

// What `answer` is told; see src/browser/store.rs.
const LIFE = 14;

/** Returns true in a browser. What imitates one for tests, as jsdom and happy-dom do, lacks what every browser has. */
export const isBrowser = () => 'indexedDB' in globalThis && 'TextEncoder' in globalThis;

/** Milliseconds since 1970 that never run backwards within a page, whatever becomes of the system's clock. */
export function now() {
  const { performance } = globalThis;
  return performance?.timeOrigin ? performance.timeOrigin + performance.now() : Date.now();
}

/** Seeds the jitter. */
export const seed = () => Math.random() * 2 ** 53;

/** Whether the browser says it has a network; where it says nothing, it has. 1 or 0: numbers cross as they are. */
export const isOnline = () => +(globalThis.navigator?.onLine ?? true);

/** Empty where the browser has none. */
export const userAgent = () => globalThis.navigator?.userAgent ?? '';

/** 96 random bits as 16 letters of base64url. */
export function uniqueName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'[byte & 63]).join('');
}

/** Tells `answer(LIFE, 0, type)` of every event, and `hidden` or `visible` of a change of that, until `stop`. */
export function watchLife(answer) {
  const { document } = globalThis;
  const tell = ({ type }) => answer(LIFE, 0, type === 'visibilitychange' ? document.visibilityState : type);
  return { stop: listen(tell, OF_THE_SCOPE, OF_THE_DOCUMENT) };
}

/** Returns what ends it. */
export function listen(listener, ofScope, ofDocument) {
  const each = (how) => {
    ofScope.forEach((type) => globalThis[how]?.(type, listener));
    ofDocument.forEach((type) => globalThis.document?.[how](type, listener));
  };
  each('addEventListener');
  return () => each('removeEventListener');
}
