import { init, track } from '@appizer/tracker';
init({ apiKey: 'YOUR_API_KEY', pageViews: true });
document.querySelector('button').addEventListener('click', () => track('button_click', { button: 'buy' }));
