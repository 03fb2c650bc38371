// Views of pages: one when the page is shown, one for each route that a single-page app goes to, one when it comes back
// from the back/forward cache; and how long and how far each was looked at.
import { bare } from './address.js';
import { copyOf } from './event.js';
import { listen as listenTo, ofDocument, steadyNow } from '../browser/environment.js';

/** Returns the properties of the `page_view` that `page(name, properties)` records; those given as they are if they cannot be read. */
export function viewProperties(name, properties, stripQuery) {
  const own = copyOf(properties ?? {});
  if (!own) return properties;
  const ofPage = globalThis.document && pageProperties(ofDocument('referrer'), stripQuery);
  return { ...ofPage, ...(name != null && { name }), ...own };
}

function pageProperties(referrer, stripQuery) {
  return { url: bare(location.href, stripQuery), path: location.pathname, title: ofDocument('title'), referrer: bare(referrer, stripQuery) };
}

/** Strips the addresses among the properties of a `page_view` that was recorded before the options were known. */
export function stripAddresses(properties) {
  properties.url = bare(`${properties.url}`, true);
  properties.referrer = bare(`${properties.referrer}`, true);
}

/**
 * `record` is `track` with a fourth argument: whether the event is no sign of life. `viewed` is the address of a view that the
 * page has tracked by itself: that is not counted again. Returns what ends it.
 */
export function watchPages(record, stripQuery, viewed) {
  const removers = [];
  let referrer = ofDocument('referrer');
  let page;
  /** While a view waits for its title. */
  let waiting;

  const listen = (listener, types) => removers.push(listenTo(listener, types, { passive: true }));

  function enter(delay) {
    page = { place: place(), url: location.href, path: location.pathname, hash: routeHash(), engaged: 0, deepest: 0 };
    measure();
    // A script in the head comes before the title.
    if (ofDocument('readyState') === 'loading') waiting = true;
    else if (delay) waiting = setTimeout(view, delay);
    else view();
  }

  function view() {
    waiting = clearTimeout(waiting);
    const isCounted = viewed === page.url;
    viewed = undefined;
    if (!isCounted) record('page_view', { ...pageProperties(referrer, stripQuery), url: bare(page.url, stripQuery), path: page.path });
  }

  function leave() {
    if (!page) return;
    if (waiting) view();
    measure();
    const { scrollHeight } = ofDocument('documentElement');
    const depth = scrollHeight ? (Math.max(page.deepest, scrollY) + innerHeight) / scrollHeight : 1;
    const properties = { url: bare(page.url, stripQuery), path: page.path };
    record('page_leave', { ...properties, $engaged_ms: Math.round(page.engaged), $scroll_depth: Math.min(100, Math.round(depth * 100)) }, undefined, true);
    referrer = page.url;
    page = undefined;
  }

  /** Engaged is who has the page before them, and the keyboard in it. */
  function measure() {
    if (!page) return;
    const now = steadyNow();
    if (page.since !== undefined) page.engaged += now - page.since;
    page.since = ofDocument('visibilityState') === 'visible' && ofDocument('hasFocus')() ? now : undefined;
  }

  function routed() {
    if (!page || place() === page.place) return;
    leave();
    // Routers set the title once they have rendered.
    enter(POLICY_TITLE_DELAY);
  }

  /** A replaced entry whose address differs in its query alone is the same page: a search box that follows its keystrokes. */
  function replaced() {
    if (page && location.pathname === page.path && routeHash() === page.hash) page.place = place();
    else routed();
  }

  /** Returns the part of the address that identifies a page: a router's hash counts, an anchor does not. */
  function place() {
    return location.pathname + (stripQuery ? '' : location.search) + routeHash();
  }

  const routeHash = () => (/^#[!/]/.test(location.hash) ? location.hash : '');

  const { navigation, Navigation } = globalThis;
  if (typeof Navigation === 'function' && navigation instanceof Navigation) {
    const changed = ({ navigationType }) => (navigationType === 'replace' ? replaced : routed)();
    navigation.addEventListener('currententrychange', changed);
    removers.push(() => navigation.removeEventListener('currententrychange', changed));
  } else {
    removers.push(follow('pushState', routed), follow('replaceState', replaced));
  }
  listen(routed, ['popstate', 'hashchange']);
  listen(() => waiting && view(), ['DOMContentLoaded']);
  listen(measure, ['focus', 'blur', 'visibilitychange']);
  listen(() => page && (page.deepest = Math.max(page.deepest, scrollY)), ['scroll']);
  listen(leave, ['pagehide']);
  // In a task of its own: the queue comes back in this one.
  listen(({ persisted }) => persisted && setTimeout(() => page || enter()), ['pageshow']);
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
