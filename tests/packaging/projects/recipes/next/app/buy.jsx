'use client';

import { track } from '@appizer/tracker';

export function Buy() {
  return <button onClick={() => track('button_click', { button: 'buy' })}>Buy</button>;
}
