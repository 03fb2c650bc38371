// Consent: the visitor's decision, the browser's privacy signals, and the page's option.
import { forgetTexts, noteForgotten } from '../browser/local-storage.js';
import { emptyDatabase } from '../browser/store.js';
import { makeStorage } from './storage.js';

/** The opt-out as operations (src/core/rows). */
const OPT_OUT = ['identity', 'opt_out', '1'].join(APPIZER_SEPARATOR);

/** `denied`, `pending` or `granted`; and what the visitor says of it. */
export function makeConsent({ instance, persistence, consent, respectPrivacySignals }) {
  // A no is kept even where nothing else is to be stored: else it would have to be said again and again.
  const noes = makeStorage(instance);
  const yeses = makeStorage(instance, persistence === 'memory');

  return {
    /** The visitor's own word is above what the browser says for them. */
    state() {
      if (noes.get('opt_out')) return 'denied';
      const unasked = respectPrivacySignals && isSignalled() ? 'denied' : consent;
      return unasked && yeses.get('opt_in') ? 'granted' : unasked ?? 'granted';
    },

    say(granted) {
      noes.set('opt_out', granted ? '' : '1');
      yeses.set('opt_in', granted ? '1' : '');
    },
  };
}

/** Deletes what the queue has stored, where no core runs that would do it; that the visitor has opted out is stored. */
export function forgetStored(instance = 'default') {
  forgetTexts(instance);
  emptyDatabase(instance, OPT_OUT).then(() => noteForgotten(instance)).catch(() => {
    // Where storage is forbidden nothing is stored.
  });
}

function isSignalled() {
  const { globalPrivacyControl, doNotTrack } = navigator;
  return globalPrivacyControl === true || doNotTrack === '1';
}

// `cubot` makes phones.
export const isBot = () => navigator.webdriver === true || /[^u]bot|crawl|spider|slurp|headless|lighthouse/i.test(navigator.userAgent);
