// Views of pages: one when the page is shown, one for each route that a single-page app goes to, one when it comes back
// from the back/forward cache; and how long and how far each was looked at.
import { bare } from './address.js';

/** What a `page_view` says of the page. */
export function pageProperties(referrer, stripQuery) {
  return { url: bare(location.href, stripQuery), path: location.pathname, title: document.title, referrer: bare(referrer, stripQuery) };
}

/** `record` is `track` with a fourth argument: whether the event is no sign of life. Returns what ends it. */
export function watchPages(record, stripQuery) {
  const removers = [];
  let referrer = document.referrer;
  let page;
  /** While a view waits for its title. */
  let waiting;

  const listen = (target, types, listener) => {
    types.split(' ').forEach((type) => {
      target.addEventListener(type, listener, { passive: true });
      removers.push(() => target.removeEventListener(type, listener));
    });
  };

  function enter(delay) {
    page = { place: place(), url: location.href, path: location.pathname, engaged: 0, deepest: 0 };
    measure();
    // A script in the head comes before the title.
    if (document.readyState === 'loading') waiting = true;
    else if (delay) waiting = setTimeout(view, delay);
    else view();
  }

  function view() {
    waiting = clearTimeout(waiting);
    record('page_view', { ...pageProperties(referrer, stripQuery), url: bare(page.url, stripQuery), path: page.path });
  }

  function leave() {
    if (!page) return;
    if (waiting) view();
    measure();
    const { scrollHeight } = document.documentElement;
    const depth = scrollHeight ? (Math.max(page.deepest, scrollY) + innerHeight) / scrollHeight : 1;
    const properties = { url: bare(page.url, stripQuery), path: page.path };
    record('page_leave', { ...properties, $engaged_ms: Math.round(page.engaged), $scroll_depth: Math.min(100, Math.round(depth * 100)) }, undefined, true);
    referrer = page.url;
    page = undefined;
  }

  /** Engaged is who has the page before them, and the keyboard in it. */
  function measure() {
    if (!page) return;
    const now = performance.now();
    if (page.since !== undefined) page.engaged += now - page.since;
    page.since = document.visibilityState === 'visible' && document.hasFocus() ? now : undefined;
  }

  function routed() {
    if (!page || place() === page.place) return;
    leave();
    // Routers set the title once they have rendered.
    enter(POLICY_TITLE_DELAY);
  }

  /** What makes a page another one: not a mere anchor, but a hash that a router uses as its path. */
  function place() {
    const { pathname, search, hash } = location;
    return pathname + (stripQuery ? '' : search) + (/^#[!/]/.test(hash) ? hash : '');
  }

  if (globalThis.navigation) listen(navigation, 'currententrychange', routed);
  else removers.push(...['pushState', 'replaceState'].map((name) => follow(name, routed)));
  listen(globalThis, 'popstate hashchange', routed);
  listen(document, 'DOMContentLoaded', () => waiting && view());
  listen(globalThis, 'focus blur', measure);
  listen(document, 'visibilitychange', measure);
  listen(globalThis, 'scroll', () => page && (page.deepest = Math.max(page.deepest, scrollY)));
  listen(globalThis, 'pagehide', leave);
  // In a task of its own: the queue comes back in this one.
  listen(globalThis, 'pageshow', ({ persisted }) => persisted && setTimeout(() => page || enter()));
  enter();

  return () => {
    clearTimeout(waiting);
    page = undefined;
    removers.forEach((remove) => remove());
  };
}

/** Calls `then` after each call of a method of `history`; returns what ends it. */
function follow(name, then) {
  const before = history[name];
  let following = true;
  const after = function (...args) {
    const result = before.apply(this, args);
    if (following) then();
    return result;
  };
  history[name] = after;
  return () => {
    following = false;
    // Not where somebody else has put theirs on top.
    if (history[name] === after) history[name] = before;
  };
}
