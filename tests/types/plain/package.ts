// A plain `wasm-pack build` and the npm package run the same core: their types differ in the facade's part alone. Checked by
// `tsc`, never run.
import type * as packaged from '@appizer/tracker';
import type * as plain from 'appizer-tracker';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Mutual<A, B> = [A, B] extends [B, A] ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };
/** Options that the core does not know: src/js/start/options.js. */
type OfTheFacade =
  | 'sessionTimeout'
  | 'campaign'
  | 'pageViews'
  | 'stripQuery'
  | 'beforeSend'
  | 'respectPrivacySignals'
  | 'consent'
  | 'bots'
  | 'denyProperties'
  | 'clientHints'
  | 'debug';
/** Dates of the facade as the core tells them. */
type Core<T> = { [K in keyof T]: T[K] extends Date | undefined ? number : T[K] };

const same: {
  properties: Mutual<plain.Properties, packaged.Properties>;
  overrides: Same<Flat<plain.Overrides>, Flat<packaged.Overrides>>;
  settings: Same<Flat<plain.Settings>, Flat<Omit<packaged.Settings, OfTheFacade>>>;
  waiting: Same<plain.Waiting, Exclude<packaged.Waiting, 'not_initialized' | 'consent' | 'prerendering' | 'core'>>;
  rejections: Same<plain.RejectionCode, Exclude<packaged.RejectionCode, 'bot'>>;
  drops: Same<plain.DropReason, packaged.DropReason>;
  stats: Same<Flat<Omit<plain.Stats, 'waiting'>>, Flat<Omit<Core<packaged.Stats>, 'waiting' | 'refused'>>>;
  flush: Same<Flat<Omit<plain.FlushResult, 'waiting'>>, Flat<Omit<Core<packaged.FlushResult>, 'waiting'>>>;
  delivered: Same<plain.Notices['delivered'], packaged.Notices['delivered']>;
  retry: Same<plain.Notices['retry'], packaged.Notices['retry']>;
  pauses: Same<plain.PauseReason, packaged.Notices['paused']['reason']>;
} = {
  properties: true,
  overrides: true,
  settings: true,
  waiting: true,
  rejections: true,
  drops: true,
  stats: true,
  flush: true,
  delivered: true,
  retry: true,
  pauses: true,
};

export { same };
