import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { track } from '@appizer/tracker';
import { init } from '@appizer/tracker';
init({ apiKey: import.meta.env.VITE_APPIZER_KEY, pageViews: true });

function App() {
  const [path, setPath] = useState('/');
  const go = (event) => {
    event.preventDefault();
    history.pushState(null, '', '/about');
    setPath('/about');
  };
  return (
    <main>
      <h1>{path}</h1>
      <a href="/about" onClick={go}>
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
