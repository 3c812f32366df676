import { useEffect, useRef, useSyncExternalStore } from 'react';
import { manager } from '../../actions';
import { useAppSelector } from '../../state/selectors';
import { announce } from '../../ui/announcer';
import { useSecond } from '../../ui/useSecond';
import { bannerOf } from './model';
import styles from './Connection.module.css';

function subscribeToNetwork(listener: () => void): () => void {
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}

export function ConnectionBanner() {
  const status = useAppSelector((state) => state.flex.connectionStatus);
  const online = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine);
  const now = useSecond();
  const shown = useRef(false);
  const banner = bannerOf(status, now, shown.current, online);

  useEffect(() => {
    if (banner.kind === 'lost' && !shown.current) announce(banner.text, 'assertive');
    if (banner.kind === 'back' && shown.current) announce(banner.text);
    if (banner.kind === 'lost') shown.current = true;
    // Forgotten only once the recovery has been told for as long as it is news.
    if (banner.kind === 'none' && status.connectionState === 'connected') shown.current = false;
  }, [banner.kind, banner.kind === 'none' ? '' : banner.text, status.connectionState]);

  useEffect(() => {
    if (online) manager.live.retryNow();
  }, [online]);

  if (banner.kind === 'none') return null;
  return (
    <div className={styles.banner} data-kind={banner.kind} data-testid="connection-banner">
      <strong>{banner.text}</strong>
      {banner.kind === 'lost' && (
        <>
          <span>{banner.detail}</span>
          <button type="button" className={styles.retry} onClick={() => manager.live.retryNow()}>
            Try now
          </button>
        </>
      )}
    </div>
  );
}
