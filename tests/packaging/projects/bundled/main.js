import { init, track } from '@appizer/tracker';

init({ apiKey: 'YOUR_API_KEY' });
track('page_view', { path: location.pathname });
document.querySelector('button').onclick = () => track('button_click', { button: 'buy' });
