import type { Tracker } from './index.js';

/** Which parts are tracked; all are unless switched off. */
export interface AutocaptureOptions {
  /** Clicks on elements with `data-appizer-event`: an event of that name, with the other `data-appizer-…` as properties. */
  clicks?: boolean | undefined;
  /** `outbound_click`: a link to another host. */
  links?: boolean | undefined;
  /** `file_download`: a link with `download`, or to a file that browsers do not show as a page. */
  downloads?: boolean | undefined;
  /** `form_submit`: the form and the names of its fields. Values are never read. */
  forms?: boolean | undefined;
  /** `error`: uncaught errors and rejections, each message once a page, 20 at the most. */
  errors?: boolean | undefined;
  /** `web_vital`: CLS, FCP, INP, LCP and TTFB, by Google's `web-vitals`. */
  webVitals?: boolean | undefined;
  /** Leaves query string and fragment out of links. Forms and errors never have them. Default: false. */
  stripQuery?: boolean | undefined;
}

/**
 * Tracks what happens in the page by itself. Elements with `data-appizer-ignore`, and all inside, are left alone.
 * Returns a function that ends it. Without a page (on a server, in a worker) it does nothing.
 */
export function autocapture(tracker: Pick<Tracker, 'track'>, options?: AutocaptureOptions): () => void;
