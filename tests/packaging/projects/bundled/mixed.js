// One part of the program imports the package, another requires it: they must get the same tracker.
import { init } from '@appizer/tracker';

const { track } = require('@appizer/tracker');

init({ apiKey: 'YOUR_API_KEY' });
track('page_view', { path: location.pathname });
document.querySelector('button').onclick = () => track('button_click', { button: 'buy' });
