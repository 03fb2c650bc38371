// User-agent client hints, which Chromium alone has.

const HINTS = ['architecture', 'bitness', 'formFactors', 'fullVersionList', 'model', 'platformVersion', 'wow64'];

/** Resolves with properties `$ua_…`; with none where the browser has no such thing. */
export async function clientHints() {
  const properties = {};
  try {
    const values = await navigator.userAgentData.getHighEntropyValues(HINTS);
    for (const [name, value] of Object.entries(values)) {
      // Two lists of brands: the fuller one will do.
      if (name !== 'brands') properties[`$ua_${snake(name)}`] = name === 'fullVersionList' ? value.map(({ brand, version }) => `${brand} ${version}`) : value;
    }
  } catch {
    // Not there, or the browser refuses.
  }
  return properties;
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
