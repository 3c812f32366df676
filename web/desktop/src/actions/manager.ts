/**
 * The manager: what the desktop is made of, held in one place, under the names
 * by which plugins will reach it (`manager.store`, `manager.workerClient` …).
 */
import type { Client } from '@twilio/conversations';
import { Worker } from 'twilio-taskrouter';
import { LiveChat } from '../api/chat';
import { ApiError } from '../api/client';
import { FlexEventBus } from '../api/events';
import { LiveWorker } from '../api/live';
import { createWorkerToken } from '../api/session';
import { sessionEnded } from '../state/session';
import { createStore, type Store } from '../state/store';
import type { Task } from '../state/task';

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

/** Loaded when there is a conversation to show: half of the desktop's weight, and not every agent writes. */
async function connectChat(token: string): Promise<Client> {
  const { Client } = await import('@twilio/conversations');
  const { protocol, host, origin } = location;
  const options = {
    Twilsock: { uri: `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/tsock/v3/wsconnect` },
    cdsUri: `${origin}/cds`,
    apiUri: `${origin}/aim`,
    logLevel: 'silent' as const,
  };
  return new Client(token, options);
}

/** Offers are not ours yet: whoever has not accepted may not read along. */
function conversationsOf(tasks: Iterable<Task>): Set<string> {
  return new Set(
    [...tasks].flatMap((task) =>
      task.conversationSid && task.status !== 'pending' ? [task.conversationSid] : [],
    ),
  );
}

export class Manager {
  readonly store: Store = createStore();
  readonly events = new FlexEventBus();
  readonly live: LiveWorker;
  readonly chat: LiveChat;

  constructor() {
    this.live = new LiveWorker({
      store: this.store,
      events: this.events,
      createWorker: connectWorker,
      createToken: () => this.createToken(),
      onSessionEnded: () => this.store.dispatch(sessionEnded(SESSION_ENDED_NOTICE)),
    });
    this.chat = new LiveChat({
      store: this.store,
      createClient: connectChat,
      createToken: () => this.createToken(),
    });
    this.followTasks();
  }

  /** A task in hand opens its conversation; the one on the canvas is read. */
  private followTasks(): void {
    let tasks: unknown, shown: string | undefined, signedIn: unknown;
    this.store.subscribe(() => {
      const { worker, view, session } = this.store.getState().flex;
      if (session.ssoTokenPayload !== signedIn) {
        signedIn = session.ssoTokenPayload;
        if (!signedIn) this.chat.stop();
      }
      if (worker.tasks !== tasks) {
        tasks = worker.tasks;
        this.chat.want(conversationsOf(worker.tasks.values()));
      }
      const now = worker.tasks.get(view.selectedTaskSid ?? '')?.conversationSid;
      if (now !== shown) this.chat.show((shown = now));
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
