/** Where the desktop starts: what lives as long as the page, then the page itself. */
import { createRoot } from 'react-dom/client';
import { Actions, manager, Notifications } from '../actions';
import { keepPreferences } from '../actions/preferences';
import { followOtherTabs, restoreSession } from '../actions/session';
import '../ui/base.css';
import { App } from './App';

declare global {
  interface Window {
    /** The plugin surface, as far as it is built. */
    Plugboard: {
      Actions: typeof Actions;
      Notifications: typeof Notifications;
      manager: typeof manager;
    };
  }
}

window.Plugboard = { Actions, Notifications, manager };

keepPreferences(manager);
followOtherTabs(manager);
void restoreSession(manager);

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root');
createRoot(root).render(<App />);
