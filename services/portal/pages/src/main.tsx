// Where the pages begin.
import { render } from 'preact';
import { SessionProvider } from './api/session.tsx';
import { App } from './shell/app.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no element "app"');
render(
  <SessionProvider>
    <App />
  </SessionProvider>,
  root,
);
