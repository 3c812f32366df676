/**
 * The manager: what the desktop is made of, held in one place, under the names
 * by which plugins will reach it (`manager.store`, `manager.workerClient` …).
 */
import type { Client } from '@twilio/conversations';
import { Worker } from 'twilio-taskrouter';
import type { SyncClient } from 'twilio-sync';
import { LiveChat } from '../api/chat';
import { ApiError } from '../api/client';
import { FlexEventBus } from '../api/events';
import { Interactions } from '../api/interactions';
import { LiveWorker } from '../api/live';
import { createWorkerToken } from '../api/session';
import { LiveSync } from '../api/sync';
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
  return new Client(token, { ...syncHosts(), ...{ apiUri: `${location.origin}/aim` } });
}

/** The product says which of the token's grants, and so which service, is meant. */
async function connectSync(token: string, productId: string): Promise<SyncClient> {
  const { SyncClient: Sync } = await import('twilio-sync');
  return new Sync(token, { ...syncHosts(), ...{ productId } });
}

/** The SDKs' option for hosts is not in their types. */
function syncHosts() {
  const { protocol, host, origin } = location;
  return {
    Twilsock: { uri: `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/tsock/v3/wsconnect` },
    cdsUri: `${origin}/cds`,
    logLevel: 'silent' as const,
  };
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
  readonly interactions = new Interactions(() => this.createToken());
  /** Workers, reservations, queues and their figures. */
  readonly insights = this.syncOf('flex_insights');
  /** Conversations of others. */
  readonly readings = this.syncOf('ip_messaging');

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

  private syncOf(product: string): LiveSync {
    return new LiveSync({
      createClient: (token) => connectSync(token, product),
      createToken: () => this.createToken(),
      soon: (tell) => requestAnimationFrame(tell),
    });
  }

  /** A task in hand opens its conversation; the one on the canvas is read. */
  private followTasks(): void {
    let tasks: unknown, shown: string | undefined, signedIn: unknown;
    this.store.subscribe(() => {
      const { worker, view, session } = this.store.getState().flex;
      if (session.ssoTokenPayload !== signedIn) {
        signedIn = session.ssoTokenPayload;
        if (!signedIn) {
          this.chat.stop();
          this.insights.stop();
          this.readings.stop();
        }
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
