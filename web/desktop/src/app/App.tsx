import { Provider } from 'react-redux';
import { manager } from '../actions';
import { LoginPage } from '../features/login';
import { Toasts } from '../features/notifications';
import { useAppSelector } from '../state/selectors';
import { LiveRegions } from '../ui/LiveRegions';
import { PasteTheme } from '../ui/PasteTheme';
import { ErrorBoundary } from './ErrorBoundary';
import { LoadingPage, NoWorkerPage, UnreachablePage } from './pages';
import { Shell } from './Shell';

function Page() {
  const { status, ssoTokenPayload } = useAppSelector((state) => state.flex.session);
  switch (status) {
    case 'loading':
      return <LoadingPage />;
    case 'unreachable':
      return <UnreachablePage />;
    case 'signedOut':
      return <LoginPage />;
    case 'signedIn':
      return ssoTokenPayload?.workerSid ? <Shell /> : <NoWorkerPage />;
  }
}

export function App() {
  return (
    <PasteTheme>
      <ErrorBoundary>
        <Provider store={manager.store}>
          <Page />
          <Toasts />
          <LiveRegions />
        </Provider>
      </ErrorBoundary>
    </PasteTheme>
  );
}
