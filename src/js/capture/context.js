// What an event gets from where it was tracked: the user, the session, properties that all events have; and the page's
// own last word on it. What other tabs may have changed is read at most once a task.
import { withLanding } from './campaign.js';
import { toDraft, toLine } from './event.js';
import { uniqueName } from '../browser/environment.js';
import { jsonOf } from './json.js';
import { isBot } from './privacy.js';
import { projectsOf } from './project.js';
import { makeProperties } from './properties.js';
import { makeSession } from './session.js';
import { makeStorage } from './storage.js';

/** `landing`: the address and referrer that the page began with. */
export function makeContext(options, landing, warn) {
  const { metadata = true, sessionTimeout = POLICY_SESSION_TIMEOUT, denyProperties = [], bots, beforeSend } = options;
  const inMemory = options.persistence === 'memory';
  // The anonymous id is the browser's, all else the project's.
  const browser = makeStorage(options.instance, inMemory);
  const storage = makeStorage(options.instance, inMemory, projectsOf(options));
  const session = metadata && makeSession(storage, sessionTimeout);
  const properties = makeProperties(storage, warn);
  const constant = bots === 'flag' && isBot() ? { $bot: true } : {};
  // `$event_id` and `$time` are the core's to add.
  const reserved = metadata ? ['$event_id', '$time', ...denyProperties] : denyProperties;
  /** True if the anonymous id is that of the queue's row, and not one that may yet give way to it. */
  let certain = false;
  let fresh = false;
  let user;
  let userText;
  let registered;
  let sessionId;
  let common = {};
  let commonText = '';
  /** Names that an event's own properties may not have without a closer look. */
  let taken = new Set();
  let asking = false;

  if (options.campaign !== false && landing) {
    const before = properties.all();
    const after = withLanding(before, !storage.get('landed'), landing.url, landing.referrer, options.stripQuery);
    if (after !== before) properties.replace(after);
    storage.set('landed', '1');
  }
  if (options.userId) storage.set('user', options.userId);
  const isNew = !browser.get('anonymous');
  if (isNew) browser.set('anonymous', uniqueName());
  const anonymous = () => browser.get('anonymous');

  /** Once a task: what other tabs have changed, and that the visitor is here. */
  function refresh(passive) {
    if (fresh) return;
    fresh = !passive;
    user = storage.get('user') ?? (certain ? anonymous() : undefined);
    userText = user ? jsonOf(user) : '';
    const id = session && (passive ? session.current() : session.touch());
    if (registered !== properties.all() || id !== sessionId) {
      registered = properties.all();
      sessionId = id;
      setCommon();
    }
  }

  function setCommon() {
    common = { ...registered, ...constant, ...(sessionId && { $session_id: sessionId }) };
    denyProperties.forEach((name) => delete common[name]);
    commonText = jsonOf(common).slice(1, -1);
    taken = new Set(['toJSON', ...Object.keys(common), ...reserved]);
  }

  /** Its own properties, then the common ones; its own win, but for what only the tracker knows. No name comes twice. */
  function merge({ text, given }) {
    for (const name in given) if (taken.has(name)) return stripped({ ...common, ...JSON.parse(text) });
    if (!commonText) return text;
    return text.length > 2 ? `${text.slice(0, -1)},${commonText}}` : `{${commonText}}`;
  }

  function stripped(all) {
    reserved.forEach((name) => delete all[name]);
    return jsonOf(all);
  }

  /** Returns the event after `beforeSend`; undefined if that drops it. */
  function ask(draft) {
    asking = true;
    try {
      const { name, text, time, own } = draft;
      const userId = own[0] ? JSON.parse(own[0]) : user ?? anonymous();
      const event = { name, properties: JSON.parse(text || '{}'), userId, time: new Date(time) };
      const result = beforeSend(event);
      if (result === null || result === false) return;
      const { name: newName, properties: given, userId: newUser, time: newTime } = result ?? event;
      const changed = toDraft(newName, given, { time: newTime ?? time, userId: newUser === userId ? undefined : newUser });
      return { ...changed, text: changed.text && stripped(JSON.parse(changed.text)), own: [changed.own[0] || own[0], own[1], own[2]] };
    } catch (error) {
      warn(`beforeSend failed for "${draft.name}", and the event is dropped, because the hook may be there to remove personal data: ${error?.message}`);
    } finally {
      asking = false;
    }
  }

  return {
    anonymous,

    /** Notes that the task is over. */
    endTask() {
      fresh = false;
    },

    /** The event's line; nothing if `beforeSend` drops it; or throws a Refusal. */
    seal(id, draft, passive) {
      refresh(passive);
      draft.text = merge(draft);
      // Events that the hook itself tracks do not come back to it.
      const sealed = beforeSend && !asking ? ask(draft) : draft;
      return sealed && toLine(id, sealed, userText);
    },

    /** Returns true if the user is another one than before. */
    identify(userId) {
      const isNews = userId !== storage.get('user');
      storage.set('user', userId);
      fresh = false;
      return isNews;
    },

    /** The next anonymous id. */
    reset() {
      const next = uniqueName();
      storage.set('user');
      browser.set('anonymous', next);
      session && session.end();
      storage.set('properties');
      storage.set('landed');
      fresh = false;
      return next;
    },

    /** The store is open: an anonymous id made up here gives way to the one in it; so does a user that only it knows. */
    settle(stored) {
      certain = true;
      if (isNew) browser.set('anonymous', stored.anonymous);
      // The store still has what an app has cleared from localStorage.
      if (stored.user && !storage.isKnown('user')) storage.set('user', stored.user);
      fresh = false;
    },

    /** `register`, `registerOnce` or `unregister`. */
    change(how, given) {
      properties[how](given);
      fresh = false;
    },

    /** Properties that all events get from now on, of this page alone. */
    add(more) {
      Object.assign(constant, more);
      setCommon();
    },
  };
}
