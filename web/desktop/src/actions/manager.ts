/**
 * The manager: what the desktop is made of, held in one place, under the names
 * by which plugins will reach it (`manager.store`, `manager.workerClient` …).
 */
import { Worker } from 'twilio-taskrouter';
import { ApiError } from '../api/client';
import { FlexEventBus } from '../api/events';
import { LiveWorker } from '../api/live';
import { createWorkerToken } from '../api/session';
import { sessionEnded } from '../state/session';
import { createStore, type Store } from '../state/store';

export const SESSION_ENDED_NOTICE = 'Your session has ended. Sign in again to go on.';

function connectWorker(token: string): Worker {
  const path = `${location.host}/event-bridge/v1/wschannels`;
  const secure = location.protocol === 'https:';
  return new Worker(token, {
    ebServer: `${secure ? 'https' : 'http'}://${path}`,
    wsServer: `${secure ? 'wss' : 'ws'}://${path}`,
    // Several tabs of one agent are welcome: each hears everything.
    closeExistingSessions: false,
    logLevel: 'silent',
  });
}

export class Manager {
  readonly store: Store = createStore();
  readonly events = new FlexEventBus();
  readonly live: LiveWorker;

  constructor() {
    this.live = new LiveWorker({
      store: this.store,
      events: this.events,
      createWorker: connectWorker,
      createToken: () => this.createToken(),
      onSessionEnded: () => this.store.dispatch(sessionEnded(SESSION_ENDED_NOTICE)),
    });
  }

  get workerClient(): Worker | null {
    return this.live.worker;
  }

  /** Another tab may have signed somebody else in: their token must not be used for us. */
  private async createToken() {
    const token = await createWorkerToken();
    const ours = this.store.getState().flex.session.ssoTokenPayload?.workerSid;
    if (ours && token.workerSid !== ours) throw new ApiError(401, SESSION_ENDED_NOTICE);
    return token;
  }

  get user() {
    const payload = this.store.getState().flex.session.ssoTokenPayload;
    return { identity: payload?.identity ?? '', roles: payload?.roles ?? [] };
  }
}

export const manager = new Manager();
