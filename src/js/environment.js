// What the browser's global scope offers, in a page or a worker; each thing may be missing.

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
