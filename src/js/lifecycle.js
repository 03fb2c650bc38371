// What the browser tells of the page's life, told as it comes. A worker hears less of it.

const OF_THE_SCOPE = ['pagehide', 'pageshow', 'online', 'offline'];
const OF_THE_DOCUMENT = ['visibilitychange', 'freeze', 'resume'];

// What `answer` is told; see src/browser/store.rs.
const LIFE = 14;

/** Tells `answer(LIFE, 0, type)` of every event, and `hidden` or `visible` of a change of that, until `stop`. */
export function watchLife(answer) {
  const { document } = globalThis;
  const tell = ({ type }) => answer(LIFE, 0, type === 'visibilitychange' ? document.visibilityState : type);
  const each = (how) => {
    OF_THE_SCOPE.forEach((type) => globalThis[how]?.(type, tell));
    OF_THE_DOCUMENT.forEach((type) => document?.[how](type, tell));
  };
  each('addEventListener');
  return { stop: () => each('removeEventListener') };
}
