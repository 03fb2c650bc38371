import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { init, track } from '@appizer/tracker';
import { usePageView } from './use-page-view.js';

init({ apiKey: 'YOUR_API_KEY' });

function App() {
  const [path, setPath] = useState('/');
  usePageView(path);
  return (
    <main>
      <h1>{path}</h1>
      <a href="#about" onClick={() => setPath('/about')}>
        About
      </a>
      <button onClick={() => track('button_click', { button: 'buy' })}>Buy</button>
    </main>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
