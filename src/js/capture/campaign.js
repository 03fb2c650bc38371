// The visitor's origin: campaign parameters, click ids and the referrer of the landing page.
import { bare } from './address.js';
import { cut } from './json.js';

const PARAMETERS = 'utm_source utm_medium utm_campaign utm_term utm_content utm_id gclid gbraid wbraid dclid fbclid msclkid ttclid twclid li_fat_id yclid'.split(' ');
const REFERRER = ['$referrer', '$referring_domain'];

/**
 * The registered properties after a landing; the same object if nothing changed. Last touch: what brought the visitor most
 * recently; coming directly, or from a page of the site itself, leaves it as it was. First touch (`$initial_…`): what
 * brought them the first time.
 */
export function withLanding(registered, isFirst, url, referrer, stripQuery) {
  const touch = touchOf(new URL(url), referrer, stripQuery);
  const names = Object.keys(touch);
  if (!names.length) return registered;
  const properties = { ...registered };
  for (const name of [...PARAMETERS, ...REFERRER]) delete properties[name];
  Object.assign(properties, touch);
  if (isFirst) names.forEach((name) => (properties[`$initial_${name.replace('$', '')}`] = touch[name]));
  return properties;
}

function touchOf({ searchParams, hostname }, referrer, stripQuery) {
  const touch = {};
  for (const name of PARAMETERS) {
    const value = searchParams.get(name);
    // A link may say anything: it must not make every event too large.
    if (value) touch[name] = cut(value, POLICY_MAX_CAMPAIGN_LENGTH);
  }
  const from = hostOf(referrer);
  if (from && from !== hostname) {
    touch.$referrer = cut(bare(referrer, stripQuery), POLICY_MAX_CAMPAIGN_LENGTH);
    touch.$referring_domain = from;
  }
  return touch;
}

function hostOf(url) {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}
