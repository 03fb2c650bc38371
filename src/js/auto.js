// What a page can tell by itself: clicks, downloads, forms, errors and Core Web Vitals. An entry of its own, loaded by
// those who want it. What is typed into a page is never read.
import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import { bare } from './address.js';
import { listen } from './environment.js';
import { cut } from './json.js';

const DOWNLOADS = /\.(7z|apk|avi|csv|dmg|docx?|epub|exe|gz|iso|jar|key|m4a|mkv|mov|mp3|mp4|msi|ods|odt|pdf|pkg|pptx?|rar|rtf|tar|tgz|txt|wav|webm|xlsx?|xml|zip)$/i;
const PREFIX = 'data-appizer-';

// Of scripts from elsewhere browsers tell no more than this, and the other is a notice that changes of size go on in the next
// frame: nobody can mend either.
const NOISE = /^(Script error\.?|ResizeObserver loop .*)$/;

// An error in a loop must not fill the queue: this many different ones a page.
const MAX_ERRORS = 20;
const MAX_TEXT = 2_000;

/**
 * Has `tracker` track what happens in the page; each part can be switched off. Returns what ends it.
 * @type {typeof import('./auto.d.ts').autocapture}
 */
export function autocapture(tracker, options = {}) {
  // Nothing to see on a server, or in a worker.
  if (!globalThis.document) return () => {};
  const { clicks = true, links = true, downloads = true, forms = true, errors = true, webVitals = true, stripQuery = false } = options;
  const controller = new AbortController();
  const { signal } = controller;
  const track = (name, properties) => signal.aborted || tracker.track(name, properties);

  if (clicks || links || downloads) {
    const parts = { clicks, links, downloads, stripQuery };
    // The middle button opens links, too.
    for (const type of ['click', 'auxclick']) {
      listen((event) => clicked(event, parts, track), [], [type], { capture: true, signal });
    }
  }
  if (forms) listen((event) => submitted(event, track), [], ['submit'], { capture: true, signal });
  if (errors) watchErrors(track, signal);
  if (webVitals) watchVitals(track);
  return () => controller.abort();
}

function clicked(event, { clicks, links, downloads, stripQuery }, track) {
  // Into shadow trees, too.
  const path = event.composedPath().filter((node) => node instanceof Element);
  if (event.button > 1 || isIgnored(path)) return;
  const named = path.find((element) => element.hasAttribute(`${PREFIX}event`));
  if (clicks && named && event.type === 'click') track(named.getAttribute(`${PREFIX}event`), given(named));
  const link = path.find((element) => element instanceof HTMLAnchorElement && /^https?:/.test(element.href));
  if (!link) return;
  const { pathname, host } = link;
  const url = bare(link.href, stripQuery);
  const [, extension] = DOWNLOADS.exec(pathname) ?? [];
  if (downloads && (extension || link.hasAttribute('download'))) {
    track('file_download', { url, name: pathname.slice(pathname.lastIndexOf('/') + 1), ...(extension && { extension: extension.toLowerCase() }) });
  } else if (links && host !== location.host) {
    track('outbound_click', { url, host });
  }
}

/** `data-appizer-plan-name="pro"` is the property `plan_name`; numbers, booleans and null are what they look like. */
function given(element) {
  const properties = {};
  for (const { name, value } of element.attributes) {
    if (name.startsWith(PREFIX) && name !== `${PREFIX}event`) properties[name.slice(PREFIX.length).replaceAll('-', '_')] = typed(value);
  }
  return properties;
}

function typed(text) {
  // A number that would come out as another text is none: `007`, `1e3`, an id of twenty digits.
  if (/^(true|false|null)$/.test(text)) return JSON.parse(text);
  return text !== '' && String(Number(text)) === text && Number.isFinite(Number(text)) ? Number(text) : text;
}

function submitted({ target, submitter }, track) {
  if (!(target instanceof HTMLFormElement) || isIgnored([...ancestors(target)])) return;
  // By attribute: a field of that name would hide the form's own property.
  const attribute = (name) => submitter?.getAttribute(`form${name}`) ?? target.getAttribute(name);
  const fields = [...new Set([...target.querySelectorAll('input, select, textarea')].filter(isTold).map((element) => element.getAttribute('name')))];
  track('form_submit', {
    form_id: target.getAttribute('id') ?? undefined,
    form_name: target.getAttribute('name') ?? undefined,
    action: bare(new URL(attribute('action') || location.href, document.baseURI).href, true),
    method: (attribute('method') || 'get').toLowerCase(),
    fields,
  });
}

/** Names of fields, never values; not those of hidden fields and passwords, which tell of how the site is built. */
const isTold = (element) => element.getAttribute('name') && !['hidden', 'password'].includes(element.type) && !isIgnored([...ancestors(element)]);

function* ancestors(element) {
  for (let at = element; at; at = at.parentElement) yield at;
}

const isIgnored = (path) => path.some((element) => element.hasAttribute(`${PREFIX}ignore`));

function watchErrors(track, signal) {
  const seen = new Set();
  const tell = (kind, error, more) => {
    const message = text(error?.message ?? error);
    if (seen.size >= MAX_ERRORS || seen.has(message)) return;
    seen.add(message);
    track('error', { kind, message, name: error?.name, stack: text(error?.stack), ...more });
  };
  const uncaught = ({ error, message, filename, lineno, colno }) => {
    if (error || (filename && !NOISE.test(message))) {
      tell('uncaught', error ?? message, { source: bare(filename, true), line: lineno, column: colno });
    }
  };
  listen(uncaught, ['error'], [], { signal });
  listen(({ reason }) => tell('rejection', reason), ['unhandledrejection'], [], { signal });
}

function text(value) {
  try {
    return value === undefined ? undefined : cut(String(value), MAX_TEXT);
  } catch {
    return 'an error that cannot be read';
  }
}

function watchVitals(track) {
  for (const watch of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
    watch(({ name, value, rating, navigationType }) => {
      track('web_vital', { metric: name, value: Math.round(value * 1000) / 1000, rating, navigation_type: navigationType });
    });
  }
}
