import { Button } from '@twilio-paste/core/button';
import { Component, type ErrorInfo, type ReactNode } from 'react';
import styles from './pages.module.css';

/** Keeps a fault in one part of the page from leaving an agent with a white screen. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error('The desktop failed', error, info.componentStack);
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className={styles.page} role="alert" data-testid="error-page">
        <h1>Something broke on this page</h1>
        <p>Your tasks are safe on the server. Loading the page again brings them back.</p>
        <pre>{error.message}</pre>
        <Button variant="primary" onClick={() => location.reload()}>
          Load again
        </Button>
      </div>
    );
  }
}
